import type { Exchange, Finished, RecordingTrace, Tracing } from '../../core/index.ts'
import type { Sampler } from './sampler.ts'
import { ExchangeSpans, type SpanParts } from './spans.ts'

export interface TracingParts extends SpanParts {
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
    const spans = new ExchangeSpans(this.#parts, x, traceId, caller)
    x.trace = spans
    return spans
  }

  finish(x: Exchange, finished: Finished): void {
    if (x.trace instanceof ExchangeSpans) x.trace.finish(x, finished)
  }
}
