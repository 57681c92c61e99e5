import type { Exchange, Finished, RecordingTrace, Tracing } from '../../core/index.ts'
import type { Sampler } from './sampler.ts'
import { ExchangeSpans, type SpanParts } from './spans.ts'
import { type EndpointRatios, isTrusted, keepsNothing, type RouteSampler, type TraceTrust } from './trace-policy.ts'

export interface TracingParts extends SpanParts {
  readonly sampler: Sampler
  /** Default: `always`. */
  readonly trust?: TraceTrust | undefined
  /** Ratios of endpoints; undefined: the sampler decides alone. */
  readonly ratios?: EndpointRatios | undefined
}

/** Traces exchanges with OpenTelemetry. An exchange that is not sampled, and can't be kept later, costs two ids and a header field. */
export class OtelTracing implements Tracing {
  readonly #parts: TracingParts
  readonly #keeps: boolean

  constructor(parts: TracingParts) {
    this.#parts = parts
    this.#keeps = parts.keep !== undefined && parts.keep !== keepsNothing
  }

  begin(x: Exchange): RecordingTrace | undefined {
    const { ids, propagator, trust = 'always' } = this.#parts
    const { headers } = x.request
    const found = propagator.extract(headers)
    const trusted = isTrusted(trust, x)
    // W3C Trace Context §4.3, Baggage §4: what strangers send ends here.
    if (!trusted) for (const name of ['traceparent', 'tracestate', 'baggage']) headers.delete(name)
    const caller = trusted ? found : undefined
    const traceId = caller?.traceId ?? ids.trace()
    x.traceId = traceId
    const sampled = this.#decide(traceId, caller?.sampled)
    if (sampled === false && !this.#keeps) {
      propagator.inject(headers, traceId, ids.span(), false, caller !== undefined)
      return undefined
    }
    const spans = new ExchangeSpans(this.#parts, x, traceId, caller, trusted ? undefined : found, sampled)
    x.trace = spans
    return spans
  }

  /** A function decides when the route is known. */
  #decide(traceId: string, parentSampled: boolean | undefined): boolean | RouteSampler {
    const { sampler, ratios } = this.#parts
    if (ratios === undefined || parentSampled !== undefined) return sampler(traceId, parentSampled)
    return ratios.decider(traceId, sampler)
  }

  finish(x: Exchange, finished: Finished): void {
    if (x.trace instanceof ExchangeSpans) x.trace.finish(x, finished)
  }
}
