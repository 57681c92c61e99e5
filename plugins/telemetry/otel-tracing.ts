import { type Context, createTraceState, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import type { Exchange, Finished, RecordingTrace, RemoteSpan, Tracing } from '../../core/index.ts'
import type { Ids } from './ids.ts'
import type { Sampler } from './sampler.ts'
import { ExchangeSpans, type SpanParts } from './spans.ts'

export interface TracingParts extends SpanParts {
  /** Also the id generator of the tracer's provider. */
  readonly ids: Ids
  readonly sampler: Sampler
}

/** Traces exchanges with OpenTelemetry. An exchange that is not sampled costs two ids and a header field. */
export class OtelTracing implements Tracing {
  readonly #parts: TracingParts

  constructor(parts: TracingParts) {
    this.#parts = parts
  }

  begin(x: Exchange): RecordingTrace | undefined {
    const { ids, propagator, sampler } = this.#parts
    const { headers } = x.request
    const caller = propagator.extract(headers)
    const traceId = caller?.traceId ?? ids.trace()
    x.traceId = traceId
    if (!sampler(traceId, caller?.sampled)) {
      propagator.inject(headers, traceId, ids.span(), false, caller !== undefined)
      return undefined
    }
    const spans = new ExchangeSpans(this.#parts, x, this.#parentContext(x, traceId, caller), caller !== undefined)
    x.trace = spans
    return spans
  }

  finish(x: Exchange, finished: Finished): void {
    if (x.trace instanceof ExchangeSpans) x.trace.finish(x, finished)
  }

  #parentContext(x: Exchange, traceId: string, caller: RemoteSpan | undefined): Context {
    if (caller === undefined) {
      this.#parts.ids.preset(traceId)
      return ROOT_CONTEXT
    }
    const state = x.request.headers.joined('tracestate')
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId: caller.spanId,
      traceFlags: caller.sampled === true ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: true,
      ...(state === undefined ? {} : { traceState: createTraceState(state) }),
    })
  }
}
