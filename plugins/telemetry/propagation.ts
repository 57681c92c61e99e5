import { type HeaderList, type RemoteSpan, remoteSpanOf } from '../../core/index.ts'

/** How trace context travels in headers. */
export interface Propagator {
  /** The caller's span, if the headers name one. */
  extract(headers: HeaderList): RemoteSpan | undefined
  /**
   * Writes a span's context to the header fields of an upstream request.
   * @param continued false if the trace begins here; then fields of another trace are removed
   */
  inject(headers: HeaderList, traceId: string, spanId: string, sampled: boolean, continued: boolean): void
}

/** W3C Trace Context. `tracestate` stays as it is, unless `traceparent` was not used (§3.3). */
const tracecontext: Propagator = {
  extract: remoteSpanOf,
  inject(headers, traceId, spanId, sampled, continued) {
    headers.set('traceparent', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`)
    if (!continued) headers.delete('tracestate')
  },
}

const ID = /^(?:[0-9a-f]{16}){1,2}$/i
const SPAN = /^[0-9a-f]{16}$/i

/** B3 ids may be in upper case. Its trace ids may have 64 bits; those are padded (B3 Propagation, "TraceId"). */
function b3Span(traceId: string, spanId: string, sampled: boolean | undefined): RemoteSpan | undefined {
  if (!ID.test(traceId) || !SPAN.test(spanId) || !/[^0]/.test(traceId) || !/[^0]/.test(spanId)) return undefined
  return { traceId: traceId.toLowerCase().padStart(32, '0'), spanId: spanId.toLowerCase(), sampled }
}

/** `1` and `true` (from old senders) accept; `d` is debug, which implies accept (B3 Propagation, "Sampling State"). */
function b3Sampled(value: string | undefined): boolean | undefined {
  if (value === undefined || value === '') return undefined
  return value === '1' || value === 'd' || value === 'true'
}

function extractB3Single(headers: HeaderList): RemoteSpan | undefined {
  const [traceId = '', spanId = '', sampled] = headers.get('b3')?.split('-', 3) ?? []
  return b3Span(traceId, spanId, b3Sampled(sampled))
}

function extractB3Multi(headers: HeaderList): RemoteSpan | undefined {
  const traceId = headers.get('x-b3-traceid')
  const spanId = headers.get('x-b3-spanid')
  if (traceId === undefined || spanId === undefined) return undefined
  return b3Span(traceId, spanId, headers.get('x-b3-flags') === '1' || b3Sampled(headers.get('x-b3-sampled')))
}

// Both propagators read both forms, as OpenTelemetry requires; the name decides which form is sent.
const extractB3 = (headers: HeaderList): RemoteSpan | undefined => extractB3Single(headers) ?? extractB3Multi(headers)

const b3: Propagator = {
  extract: extractB3,
  inject: (headers, traceId, spanId, sampled) => headers.set('b3', `${traceId}-${spanId}-${sampled ? '1' : '0'}`),
}

const b3multi: Propagator = {
  extract: extractB3,
  inject(headers, traceId, spanId, sampled) {
    headers.set('X-B3-TraceId', traceId)
    headers.set('X-B3-SpanId', spanId)
    headers.set('X-B3-Sampled', sampled ? '1' : '0')
    headers.delete('x-b3-parentspanid')
    headers.delete('x-b3-flags')
  },
}

const none: Propagator = { extract: () => undefined, inject: () => {} }

const KNOWN: Readonly<Record<string, Propagator>> = { tracecontext, b3, b3multi }

/**
 * The propagator that `OTEL_PROPAGATORS` names. With several, all forms are sent, and the last one that is found in a request counts.
 * `baggage` needs no code: the header field is forwarded like any other.
 */
export function propagatorOf(names: string | undefined, warn: (message: string) => void): Propagator {
  const wanted = (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'baggage')
  if (wanted.includes('none')) return none
  const parts = new Set<Propagator>()
  for (const name of wanted) {
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined
    if (known === undefined)
      warn(`OTEL_PROPAGATORS: "${name}" is not supported; expected tracecontext, baggage, b3, b3multi or none`)
    else parts.add(known)
  }
  if (parts.size === 0) return names?.trim() === 'baggage' ? none : tracecontext
  const all = [...parts]
  if (all.length === 1) return all[0]!
  return {
    extract: (headers) =>
      all.reduce<RemoteSpan | undefined>((found, part) => part.extract(headers) ?? found, undefined),
    inject(headers, traceId, spanId, sampled, continued) {
      for (const part of all) part.inject(headers, traceId, spanId, sampled, continued)
    },
  }
}
