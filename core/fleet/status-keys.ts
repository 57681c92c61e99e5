import type { BreakerPhase, TargetHealth } from '../state/endpoint-status.ts'

/** What processes of one gateway tell each other of endpoints: the key of a value. */
export type StatusKey =
  | readonly ['health' | 'ejected', endpoint: string, target: string]
  | readonly ['limit', name: string]
  | readonly ['breaker_state', endpoint: string, filter: string, target: string | null]

export const textOf = (key: StatusKey): string => JSON.stringify(key)
export const keyOf = (text: string): StatusKey => JSON.parse(text) as StatusKey

/** From a worker: how much of a limit it uses. */
export interface LimitUse {
  readonly limit: number
  readonly used: number
}

/** From the primary: how much of a limit each worker may use, by its number. */
export type LimitValue = Readonly<Record<number, number>>

/** Of active checks; from the primary. */
export interface HealthValue {
  readonly health: TargetHealth
  readonly reason: string
}

/** From a worker that has ejected a target; from the primary, whoever has. */
export interface EjectedValue {
  readonly reason: string
  /** Ids of the processes that have ejected it. */
  readonly by: readonly string[]
}

/** The last change of a breaker in any worker. */
export interface BreakerValue {
  readonly from: BreakerPhase
  readonly to: BreakerPhase
  readonly reason: string
  /** When probes may go out, if it is open; milliseconds since the Unix epoch. */
  readonly until: number
  /** Id of the process. */
  readonly by: string
}
