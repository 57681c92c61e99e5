import {
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Ids } from './ids.ts'
import type { SpanRecord, TraceRecord, TraceSink } from './span-record.ts'

/** Gives the spans to the SDK, span by span: for exporters that read the SDK's spans. Costs several microseconds per span. */
export class SdkSink implements TraceSink {
  readonly #tracer: Tracer
  readonly #ids: Ids

  /** @param ids the id generator of the tracer's provider */
  constructor(tracer: Tracer, ids: Ids) {
    this.#tracer = tracer
    this.#ids = ids
  }

  add({ traceId, traceState, callerSampled, spans }: TraceRecord): void {
    const state = traceState === undefined ? {} : { traceState: createTraceState(traceState) }
    const [server] = spans
    for (const span of spans) {
      const traceFlags = span === server && callerSampled !== true ? TraceFlags.NONE : TraceFlags.SAMPLED
      this.#add(span, traceId, { traceId, traceFlags, isRemote: span === server, ...state })
    }
  }

  #add(span: SpanRecord, traceId: string, parent: Omit<SpanContext, 'spanId'>): void {
    const { name, kind, parentId, attributes, startedAt, endedAt, events, error } = span
    const context =
      parentId === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, spanId: parentId })
    this.#ids.preset(parentId === undefined ? traceId : undefined, span.spanId)
    const made = this.#tracer.startSpan(name, { kind, startTime: startedAt, attributes }, context)
    for (const { name, attributes, at } of events) made.addEvent(name, attributes, at)
    if (error) made.setStatus({ code: SpanStatusCode.ERROR })
    made.end(endedAt)
  }
}
