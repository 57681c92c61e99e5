import type { Finished } from '../api/filter.ts'

/**
 * Is told of every exchange when it is over, whatever its chain: after the last `log` hook, before the access line. For parts of the
 * process that look at all traffic, such as statistics.
 *
 * ```ts
 * let failed = 0
 * const observer: ExchangeObserver = { finished: ({ status }) => void (failed += status >= 500 ? 1 : 0) }
 * ```
 */
export interface ExchangeObserver {
  /** Synchronous, and on the path of every request. What it throws is logged as an error of the engine; the exchange is over all the same. */
  finished(finished: Finished): void
}
