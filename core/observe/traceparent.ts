import type { HeaderList } from '../api/header-list.ts'
import { equalsIgnoreCase } from '../base/tokens.ts'

/** The span of the caller, as a header field of the request names it. */
export interface RemoteSpan {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string
  /** Whether the caller records its trace; undefined if it left the decision open (B3 can). */
  readonly sampled: boolean | undefined
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/
const ZERO_TRACE = '0'.repeat(32)
const ZERO_SPAN = '0'.repeat(16)

/**
 * Reads `traceparent` (W3C Trace Context §3.2.2). A malformed value counts as none. Of a version newer than `00`, it reads the
 * part that `00` defines (§3.2.4).
 */
export function parseTraceparent(value: string): RemoteSpan | undefined {
  if (!TRACEPARENT.test(value)) return undefined
  if (value.startsWith('ff') || (value.length !== 55 && value.startsWith('00'))) return undefined
  const traceId = value.slice(3, 35)
  const spanId = value.slice(36, 52)
  if (traceId === ZERO_TRACE || spanId === ZERO_SPAN) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(value.slice(53, 55), 16) & 1) === 1 }
}

/**
 * The caller's span by `traceparent` (W3C Trace Context §3.2); undefined if the field is missing, malformed or repeated.
 *
 * @example const caller = remoteSpanOf(x.request.headers)?.traceId
 */
export function remoteSpanOf(headers: HeaderList): RemoteSpan | undefined {
  const { raw } = headers
  let value: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    if (!equalsIgnoreCase(raw[i]!, 'traceparent')) continue
    if (value !== undefined) return undefined
    value = raw[i + 1]
  }
  return value === undefined ? undefined : parseTraceparent(value)
}

/** Trace id of a valid `traceparent` of the request, for logs where tracing is off. */
export function traceIdOf(headers: HeaderList): string | undefined {
  return remoteSpanOf(headers)?.traceId
}
