/**
 * The time. Filters take it from `env.clock`, so that tests can set it.
 *
 * ```ts
 * const startedAt = env.clock.now()
 * const age = env.clock.wall() - Date.parse(date)
 * ```
 */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start, for durations. */
  now(): number
  /** Milliseconds since the Unix epoch, for what others see or sent: `exp`, `Date`, logs. */
  wall(): number
}

/**
 * The clock of the process, for code that gets no `env`.
 *
 * @example const options = { clock: systemClock }
 */
export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() }
