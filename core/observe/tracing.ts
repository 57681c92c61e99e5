import type { Attempt, Outcome } from '../api/attempt.ts'
import type { Exchange, ExchangeTrace } from '../api/exchange.ts'
import type { Finished } from '../api/filter.ts'

/**
 * A tracing system, as the engine calls it; there is none if tracing is off. Its methods are synchronous and never throw
 * because of what a client or a collector does. Weir's own is OpenTelemetry.
 *
 * ```ts
 * const tracing: Tracing = {
 *   begin(x) {
 *     x.traceId = remoteSpanOf(x.request.headers)?.traceId
 *     return undefined // not sampled
 *   },
 *   finish() {},
 * }
 * ```
 */
export interface Tracing {
  /**
   * Called once per exchange, before any filter. Decides whether the exchange is sampled, and sets `x.traceId` in both cases.
   * Not sampled: creates no span, sets an unsampled `traceparent` on the request, and returns undefined. Sampled: begins the
   * server span and returns the trace, which becomes `x.trace`; the engine then records what filters do on `x.recording`.
   */
  begin(x: Exchange): RecordingTrace | undefined
  /** Called once per sampled exchange, after the last `log`. Ends every span that is still open. */
  finish(x: Exchange, finished: Finished): void
}

/** The trace of a sampled exchange, as the engine writes it. */
export interface RecordingTrace extends ExchangeTrace {
  /** Begins the client span of an attempt, and sets its context on the headers that go upstream. */
  beginAttempt(x: Exchange, attempt: Attempt): void
  /** Ends the span of an attempt. Harmless if it never began or has ended. */
  endAttempt(attempt: Attempt, outcome: Outcome): void
}
