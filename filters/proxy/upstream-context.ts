import type { Dispatcher } from 'undici'
import type { TargetState, TimerWheel } from '../../core/index.ts'

/** Limits of one upstream request, in milliseconds. None bounds the whole: event streams may last for days. */
export interface Limits {
  /** Until a connection is had. */
  readonly connect: number
  /** From the request's last byte to the head of the answer. */
  readonly firstByte: number
  /** Between two chunks, either way. */
  readonly idle: number
  /** Of a tunnel without a byte, either way; may be infinite. */
  readonly tunnel: number
}

/** Parts that every request of a proxy shares. */
export interface UpstreamContext {
  readonly pool: Dispatcher
  /** What is known of the target. */
  readonly state: TargetState
  readonly limits: Limits
  readonly timers: TimerWheel
}
