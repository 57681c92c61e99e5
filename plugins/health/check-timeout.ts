import type { Clock, Deadline, TimerWheel } from '../../core/index.ts'

const SLICES = 4
/** How late a deadline of the wheel may be without a stall of the process; milliseconds. */
const LATE_MS = 100

/**
 * Calls `fire` once, after `ms` milliseconds of running time, or up to two ticks of the wheel later. During a stall of the process no
 * response can be read, so that a stall, however long, uses no more than a quarter of the timeout.
 * @returns cancels it
 */
export function startCheckTimeout(timers: TimerWheel, clock: Clock, ms: number, fire: () => void): () => void {
  let left = ms
  let deadline: Deadline
  const wait = (): void => {
    const begun = clock.now()
    const slice = Math.min(left, ms / SLICES)
    deadline = timers.after(slice, () => {
      left -= Math.min(clock.now() - begun, slice + LATE_MS)
      if (left <= 0) fire()
      else wait()
    })
  }
  wait()
  return () => deadline.cancel()
}
