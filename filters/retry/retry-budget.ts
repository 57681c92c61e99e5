/** How many retries there may be. */
export interface RetryBudgetRules {
  /** Of the requests in the window. */
  readonly percent: number
  /** Allowed in a window however few requests there are. */
  readonly minRetries: number
}

/** Parts of the window: it slides by one of them at a time. */
export const PARTS = 10

/**
 * Counts requests and retries in a sliding window, so that retries never multiply the load on an upstream that is failing
 * because of its load (Google, "Site Reliability Engineering", ch. 22: retry budgets). The window is as long as said, or up to a
 * tenth shorter.
 */
export class RetryBudget {
  readonly #partMs: number
  readonly #requests = new Array<number>(PARTS).fill(0)
  readonly #retries = new Array<number>(PARTS).fill(0)
  /** Sums of the above. */
  #requested = 0
  #retried = 0
  /** The part that is counted in. */
  #at = -1

  /** @param windowMs its length in milliseconds */
  constructor(windowMs: number) {
    // Of tinier parts the numbers would be beyond those that can be counted up one by one.
    this.#partMs = Math.max(windowMs / PARTS, 1)
  }

  /** @param now monotonic milliseconds, here and below */
  request(now: number): void {
    this.#slide(now)
    this.#requests[this.#at % PARTS]!++
    this.#requested++
  }

  /** Whether there may be one more retry. */
  allows({ percent, minRetries }: RetryBudgetRules, now: number): boolean {
    this.#slide(now)
    return this.#retried < Math.max(minRetries, Math.floor((this.#requested * percent) / 100))
  }

  /** There is one more. */
  retry(now: number): void {
    this.#slide(now)
    this.#retries[this.#at % PARTS]!++
    this.#retried++
  }

  #slide(now: number): void {
    const to = Math.floor(now / this.#partMs)
    if (to <= this.#at) return
    for (let part = Math.max(this.#at + 1, to - PARTS + 1, 0); part <= to; part++) {
      const i = part % PARTS
      this.#requested -= this.#requests[i]!
      this.#retried -= this.#retries[i]!
      this.#requests[i] = 0
      this.#retries[i] = 0
    }
    this.#at = to
  }
}
