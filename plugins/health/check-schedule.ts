/** The first check of a target starts within this; milliseconds. */
const FIRST_CHECK_MS = 1000

/**
 * When the checks of one target are due, with the jitter that keeps checks of many targets apart: the first check comes at a
 * random moment within a second, the second one a half to one and a half intervals later, every further one after an interval.
 * All times are milliseconds, those called `now` of a monotonic clock.
 */
export class CheckSchedule {
  readonly #random: () => number
  #checks = 0
  #dueAt = 0

  /** @param random from 0 to below 1 */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Begins again, as for a target that was never checked. */
  restart(): void {
    this.#checks = 0
  }

  /** A check starts; the next interval counts from here. */
  checkStarted(now: number): void {
    this.#dueAt = now
  }

  /** A check is over. Do not call it for one that was cancelled. */
  checkDone(): void {
    this.#checks++
  }

  /** Time from `now` until the next check; 0 if it is due already. Call it once per check. */
  untilNext(intervalMs: number, now: number): number {
    if (this.#checks === 0) this.#dueAt = now + this.#random() * Math.min(intervalMs, FIRST_CHECK_MS)
    else if (this.#checks === 1) this.#dueAt += (0.5 + this.#random()) * intervalMs
    else this.#dueAt += intervalMs
    return Math.max(this.#dueAt - now, 0)
  }
}
