import type { Clock } from '../../core/index.ts'

/** How long something must be kept. A clock that is set forward for a moment does not end it. */
export interface Lasting {
  /** Milliseconds since the Unix epoch. */
  readonly until: number
  /** Monotonic milliseconds of this process. */
  readonly atLeast: number
}

/** @param from the wall clock when that was decided */
export const lasting = (clock: Clock, until: number, from: number): Lasting => ({
  until,
  atLeast: clock.now() + Math.max(0, until - from),
})

export const isOver = (clock: Clock, { until, atLeast }: Lasting): boolean =>
  clock.wall() >= until && clock.now() >= atLeast
