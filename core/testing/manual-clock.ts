import type { Clock } from '../base/clock.ts'

/**
 * A clock that moves only by `advance`. It starts at 0 of the monotonic time and at 2026-01-01T00:00:00Z of the wall.
 *
 * ```ts
 * const clock = new ManualClock()
 * clock.advance(1500)
 * clock.now() // 1500
 * ```
 */
export class ManualClock implements Clock {
  #now = 0
  #wall = Date.UTC(2026, 0, 1)

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#wall
  }

  /** @param ms milliseconds */
  advance(ms: number): void {
    this.#now += ms
    this.#wall += ms
  }
}
