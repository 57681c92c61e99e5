import type { Attempt, Outcome } from '../api/attempt.ts'
import type { Exchange, ExchangeTrace } from '../api/exchange.ts'
import type { Finished } from '../api/filter.ts'

/**
 * What the engine asks of a tracing system. Absent when tracing is off. Its methods are synchronous and never throw for
 * what a client or a collector does.
 */
export interface Tracing {
  /**
   * Called once an exchange, before any filter. Decides whether it is sampled, and sets `x.traceId` in either case.
   * Unsampled: returns undefined, has made no span, and has put an unsampled `traceparent` on the request that goes
   * upstream. Sampled: the server span has begun, and what is returned is also `x.trace`.
   */
  begin(x: Exchange): RecordingTrace | undefined
  /** Called once an exchange, after the last `log`. Ends every span that is still open. */
  finish(x: Exchange, finished: Finished): void
}

/** What one filter did for one exchange. It becomes one span when the exchange is over. */
export interface FilterStep {
  readonly name: string
  /** Monotonic milliseconds. */
  readonly startedAt: number
  /** Monotonic milliseconds; undefined while a hook is running. */
  endedAt: number | undefined
  verdict: 'continue' | 'reply' | 'error' | undefined
  /** Reason of its local reply, or code of its error. */
  reason: string | undefined
}

/** The trace of a sampled exchange as the decorated filters (`traced.ts`) write it. */
export interface RecordingTrace extends ExchangeTrace {
  /** By the filter's name in the chain: an endpoint's instance continues what the chain's began. */
  readonly steps: Map<string, FilterStep>
  /** Monotonic milliseconds. */
  now(): number
  /** Begins the client span of an attempt and puts its context on the headers that go upstream. */
  beginAttempt(x: Exchange, attempt: Attempt): void
  /** Ends it. Harmless for an attempt that never began or is over. */
  endAttempt(attempt: Attempt, outcome: Outcome): void
}
