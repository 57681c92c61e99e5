import type { Attributes, SpanKind } from '@opentelemetry/api'

/** One span of an exchange that is over. */
export interface SpanRecord {
  readonly name: string
  readonly kind: SpanKind
  /** 16 hex digits. */
  readonly spanId: string
  /** 16 hex digits; undefined for a root. */
  readonly parentId: string | undefined
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: Attributes
  /** Attributes that were one too many. */
  readonly droppedAttributes: number
  readonly events: readonly SpanEvent[]
  /** Events that were one too many. */
  readonly droppedEvents: number
  readonly error: boolean
}

export interface SpanEvent {
  readonly name: string
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly at: number
  readonly attributes: Attributes | undefined
}

/** All spans of one exchange, the server span first. Whoever decides what is kept sees the whole. */
export interface TraceRecord {
  /** 32 hex digits. */
  readonly traceId: string
  /** Value of `tracestate` of the request; undefined without a caller. */
  readonly traceState: string | undefined
  readonly callerSampled: boolean | undefined
  readonly spans: readonly SpanRecord[]
}

/** Where the spans of exchanges go. */
export interface TraceSink {
  /** Never throws, and never waits. */
  add(trace: TraceRecord): void
}
