import type { Endpoint, Requirement } from '../api/endpoint.ts'
import type { Path } from './config-error.ts'

/** Options of a filter, and where each comes from: shorthand keys are elsewhere in the document. */
export interface OptionsSpec {
  readonly options: Readonly<Record<string, unknown>>
  readonly at: Path
  /** Place of an option that is not below `at`. */
  readonly origins?: Readonly<Record<string, Path>>
}

/** Name and factory of an entry that could not be read. It may be any filter: nothing is concluded from its absence. */
export const UNREAD = ''

/** One entry of a chain. */
export interface FilterSpec extends OptionsSpec {
  /** Unique in the chain. `endpoints[].filters` refers to it. */
  readonly name: string
  readonly factory: string
  /** How long one of its hooks may wait before the request gets a 500; milliseconds. Undefined: no limit. */
  readonly hookTimeoutMs?: number | undefined
}

export interface EndpointSpec {
  readonly endpoint: Endpoint
  /** By the filter's name in the chain; `off` leaves it out. */
  readonly filters: Readonly<Record<string, OptionsSpec | 'off'>>
  readonly at: Path
}

export interface ListenerSpec {
  readonly name: string
  /** Undefined: all addresses. */
  readonly host: string | undefined
  readonly port: number
  readonly chain: readonly FilterSpec[]
  /** Whether this listener leads to the endpoints. */
  readonly routes: boolean
  /** What every request through this listener requires, besides what its endpoint requires. */
  readonly requires: readonly Requirement[]
  readonly at: Path
}

/** A whole configuration as the engine needs it: plain data, no YAML, no shorthand. */
export interface GatewaySpec {
  readonly listeners: readonly ListenerSpec[]
  readonly endpoints: readonly EndpointSpec[]
}
