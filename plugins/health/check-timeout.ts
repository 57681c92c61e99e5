import type { Clock, Deadline, TimerWheel } from '../../core/index.ts'

const SLICES = 4
/** How late a deadline of the wheel may be without the process having been held up; milliseconds. */
const LATE_MS = 100

/**
 * Calls `fire` once, after `ms` milliseconds in which the process was awake, or up to two ticks of the wheel later. While it is
 * held up, nobody can answer it: a stall, however long, uses up no more than a quarter of the time.
 * @returns what takes it back
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
