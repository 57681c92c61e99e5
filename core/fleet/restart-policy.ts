/** A worker that was ready for this long had started well; milliseconds. */
const STARTED_WELL_MS = 1000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 10_000
/** Deaths in a row, while no worker has ever been ready, after which the gateway gives up. */
const MAX_FAILED_STARTS = 5

/**
 * When a worker that ended is replaced: at once if it had started well; else later each time, so that one that can't start does
 * not take the processor from the others.
 */
export class RestartPolicy {
  #failures = 0
  #everReady = false

  /** A worker is ready. */
  ready(): void {
    this.#everReady = true
  }

  /**
   * A worker ended.
   * @param readyMs how long it had been ready; undefined: it was never
   * @returns milliseconds until it is replaced; undefined: no worker can start, the gateway gives up
   */
  ended(readyMs: number | undefined): number | undefined {
    if (readyMs !== undefined && readyMs >= STARTED_WELL_MS) {
      this.#failures = 0
      return 0
    }
    this.#failures++
    if (!this.#everReady && this.#failures >= MAX_FAILED_STARTS) return undefined
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 1), LONGEST_DELAY_MS)
  }
}
