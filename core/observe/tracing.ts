import type { Exchange, ExchangeTrace } from '../api/exchange.ts'
import type { Attempt, Finished, Outcome } from '../api/filter.ts'
import { type HeaderList, sameName } from '../api/header-list.ts'

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

/** Where a request comes from, as a propagation header says. */
export interface RemoteSpan {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string
  /** Undefined if the caller left the decision open (B3 can). */
  readonly sampled: boolean | undefined
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/
const ZERO_TRACE = '0'.repeat(32)
const ZERO_SPAN = '0'.repeat(16)

/**
 * Reads `traceparent` (W3C Trace Context §3.2.2). A malformed value is as good as none; of a version newer than `00` the
 * part that `00` defines is read (§3.2.4).
 */
export function parseTraceparent(value: string): RemoteSpan | undefined {
  if (!TRACEPARENT.test(value)) return undefined
  if (value.startsWith('ff') || (value.length !== 55 && value.startsWith('00'))) return undefined
  const traceId = value.slice(3, 35)
  const spanId = value.slice(36, 52)
  if (traceId === ZERO_TRACE || spanId === ZERO_SPAN) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(value.slice(53, 55), 16) & 1) === 1 }
}

/** The caller's span by `traceparent`, or undefined. Two of the field contradict each other: they count as none. */
export function remoteSpanOf(headers: HeaderList): RemoteSpan | undefined {
  const { raw } = headers
  let value: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    if (!sameName(raw[i]!, 'traceparent')) continue
    if (value !== undefined) return undefined
    value = raw[i + 1]
  }
  return value === undefined ? undefined : parseTraceparent(value)
}

/** Trace id of a valid incoming `traceparent`, for logs where tracing is off. */
export function traceIdOf(headers: HeaderList): string | undefined {
  return remoteSpanOf(headers)?.traceId
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY'])

/** The method, or `_OTHER` if it is not in OpenTelemetry's set of known ones (HTTP semantic conventions). */
export function methodLabel(method: string): string {
  return METHODS.has(method) ? method : '_OTHER'
}
