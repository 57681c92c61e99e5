/** Time, injected so that no test sleeps to be right. */
export interface Clock {
  /** Monotonic milliseconds, for durations. */
  now(): number
  /** Milliseconds since the Unix epoch, for `exp`, `Date` and logs. */
  wall(): number
}

export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() }
