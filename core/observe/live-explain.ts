import type { Exchange } from '../api/exchange.ts'

/**
 * Decides which exchanges are explained while the gateway runs.
 *
 * ```ts
 * const all: LiveExplain = { begin: (x) => x.request.headers.delete('x-debug') }
 * ```
 */
export interface LiveExplain {
  /**
   * Called once per exchange, before any filter. Takes what asks for an explanation out of the request. True: all that filters do is
   * recorded on `x.recording`.
   */
  begin(x: Exchange): boolean
}
