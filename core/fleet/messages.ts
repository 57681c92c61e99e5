import type { Problem } from '../control/config-error.ts'
import type { BreakerSelection } from '../control/endpoint-control.ts'
import type { GatewaySpec } from '../control/gateway-spec.ts'
import type { LogLevel } from '../control/log-control.ts'
import type { PluginCode } from '../control/plugin-code.ts'
import type { TokenNews } from '../control/tokens.ts'
import type { HealthCheckRequest } from '../state/target-state.ts'
import type { EndpointDelta } from './endpoint-delta.ts'
import type { Batch } from './values.ts'

/** Of the messages. A worker of another version can't be talked to. */
export const PROTOCOL = 6

/** Files by absolute path, with what was in them. */
export type FileBytes = ReadonlyMap<string, Uint8Array>

/** A configuration for workers. `Settings` is plain data. */
export interface Load<Settings = unknown> {
  /** Rising. */
  readonly id: number
  readonly spec: GatewaySpec
  readonly settings: Settings
}

/** From the primary to a worker. */
export type ToWorker<Settings = unknown> =
  | {
      readonly type: 'prepare'
      readonly load: number
      readonly listeners: GatewaySpec['listeners']
      readonly endpoints: EndpointDelta
      readonly settings: Settings
      /** What its filters read in place of files: what another worker has read. */
      readonly files: FileBytes
    }
  | { readonly type: 'commit' | 'abort'; readonly load: number }
  | { readonly type: 'open' }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  | { readonly type: 'values'; readonly batch: Batch }
  | { readonly type: 'values-taken' }
  | ({ readonly type: 'permits' } & PermitAnswers)
  | { readonly type: 'returned'; readonly id: number; readonly value?: unknown; readonly error?: string | undefined }
  | { readonly type: 'drain' | 'exit' }
  | { readonly type: 'stop'; readonly timeoutMs: number }

/** From a worker to the primary. */
export type ToPrimary =
  | { readonly type: 'hello'; readonly protocol: number }
  | ({ readonly type: 'prepared'; readonly load: number } & Prepared)
  | ({ readonly type: 'refused'; readonly load: number } & Refused)
  | { readonly type: 'committed'; readonly load: number }
  | { readonly type: 'opened'; readonly error?: string | undefined }
  | { readonly type: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly type: 'beat' }
  | { readonly type: 'values'; readonly batch: Batch }
  | { readonly type: 'values-taken' }
  | ({ readonly type: 'permits' } & PermitBatch)
  | ({ readonly type: 'call'; readonly id: number } & ServiceCall)
  | { readonly type: 'stopped'; readonly clean: boolean }

/** What the primary asks a worker. */
export type Question =
  | { readonly kind: 'live' | 'rows' | 'activity' | 'start-conditions' }
  | {
      readonly kind: 'check'
      readonly endpoint: string
      readonly target: string
      readonly check: Omit<HealthCheckRequest, 'signal'>
    }
  | ({ readonly kind: 'breakers' } & BreakerOperation)
  | { readonly kind: 'report'; readonly name: string; readonly args: unknown }
  | { readonly kind: 'log-level'; readonly level: LogLevel }
  | { readonly kind: 'token-news'; readonly news: TokenNews }

/** Trips or resets breakers of an endpoint by hand. */
export interface BreakerOperation {
  readonly operation: 'trip' | 'reset'
  readonly endpoint: string
  readonly which: BreakerSelection | undefined
}

/** A request of a worker for a permit of a pool, with the rules by which it is judged. Ids are the worker's own. */
export type PermitAsk = readonly [id: number, pool: string, maxConcurrent: number, maxQueue: number]

/** What a worker asks for, and what it gives back or does not want any more. The worker sends the next one when this is taken. */
export interface PermitBatch {
  readonly asked: readonly PermitAsk[]
  readonly left: readonly number[]
}

export interface PermitAnswers {
  readonly granted: readonly number[]
  readonly refused: readonly number[]
  /** The last batch of this worker is taken. */
  readonly taken: boolean
}

/** A worker's filter calls a service that is with the primary. */
export interface ServiceCall {
  readonly service: string
  readonly method: string
  readonly args: readonly unknown[]
}

/** A configuration is built, and waits to be committed. */
export interface Prepared {
  readonly warnings: readonly Problem[]
  /** Digests of every file that its filters have read, by absolute path. */
  readonly files: ReadonlyMap<string, string>
  /** Bytes of those that were read now. */
  readonly read: FileBytes
  /** The code of its plugins, as this worker has loaded it. */
  readonly code: PluginCode
}

/** A configuration can't be built. */
export interface Refused {
  readonly problems: readonly Problem[]
  /** Files that filters tried to read: a change of one of them may solve the problem. */
  readonly read: readonly string[]
}
