import type { Dispatcher } from 'undici'
import type { TargetState, TimerWheel } from '../../core/index.ts'
import type { ResponseMapping } from './response-mapping.ts'
import type { SilenceWatch } from './silence-watch.ts'

/** Limits of the phases of an upstream request, in milliseconds. None limits the whole, because event streams may last for days. */
export interface Limits {
  /** Time until there is a connection. */
  readonly connect: number
  /** Time from the last byte of the request to the head of the response. */
  readonly firstByte: number
  /** Time between two chunks of a body, either way. */
  readonly idle: number
  /** Time that a tunnel may have no traffic; may be infinite. */
  readonly tunnel: number
}

/** Parts that all requests to one target share. */
export interface UpstreamContext {
  readonly pool: Dispatcher
  readonly state: TargetState
  readonly limits: Limits
  readonly timers: TimerWheel
  readonly silence: SilenceWatch
  readonly mapping: ResponseMapping
}
