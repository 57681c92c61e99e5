/** How many retries are allowed. */
export interface RetryBudgetRules {
  /** Share of the requests in the window. */
  readonly percent: number
  /** Retries that a window allows however few requests it has. */
  readonly minRetries: number
}

/** Number of parts of the window, which slides by one part at a time. */
export const PARTS = 10

/**
 * Counts requests and retries in a sliding window, so that retries do not multiply the load of an upstream that fails because of
 * its load (Google, "Site Reliability Engineering", ch. 22: retry budgets). The window is up to a tenth shorter than its
 * configured length.
 */
export class RetryBudget {
  readonly #partMs: number
  readonly #parts = Array.from({ length: PARTS }, () => ({ requests: 0, retries: 0 }))
  /** Sums of the parts. */
  #requested = 0
  #retried = 0
  /** The part that counts now. */
  #at = -1

  /** @param windowMs length of the window in milliseconds */
  constructor(windowMs: number) {
    // The number of a shorter part could exceed the integers that a number holds exactly.
    this.#partMs = Math.max(windowMs / PARTS, 1)
  }

  /**
   * Counts a request.
   * @param now monotonic milliseconds, here and below
   */
  request(now: number): void {
    this.#slide(now)
    this.#parts[this.#at % PARTS]!.requests++
    this.#requested++
  }

  /** Whether one more retry is allowed. */
  allows({ percent, minRetries }: RetryBudgetRules, now: number): boolean {
    this.#slide(now)
    return this.#retried < Math.max(minRetries, Math.floor((this.#requested * percent) / 100))
  }

  /** Counts a retry. */
  retry(now: number): void {
    this.#slide(now)
    this.#parts[this.#at % PARTS]!.retries++
    this.#retried++
  }

  #slide(now: number): void {
    const to = Math.floor(now / this.#partMs)
    if (to <= this.#at) return
    for (let part = Math.max(this.#at + 1, to - PARTS + 1, 0); part <= to; part++) {
      const old = this.#parts[part % PARTS]!
      this.#requested -= old.requests
      this.#retried -= old.retries
      old.requests = 0
      old.retries = 0
    }
    this.#at = to
  }
}
