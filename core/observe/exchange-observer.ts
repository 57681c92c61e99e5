import type { Attempt, Outcome } from '../api/attempt.ts'
import type { Exchange } from '../api/exchange.ts'
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
  /**
   * An attempt that was made is over: every `admit` had let it pass. Called before `finished` of its exchange, and before the `settled`
   * hooks. Synchronous, on the path of every request; what it throws is logged as an error of the engine.
   */
  attempted?(x: Exchange, attempt: Attempt, outcome: Outcome): void
}
