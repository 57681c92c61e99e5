import { type Endpoint, type Exemplar, Histogram, type HistogramSample, methodLabel } from '../../core/index.ts'

/** Value of the label `endpoint` for requests without a route. */
const NO_ENDPOINT = '_none'
/** Value of labels beyond the limit of series. */
export const OTHER = '_OTHER'

type Statuses = Map<number | string, Histogram>
type Methods = Map<string, Statuses>

/**
 * Duration histograms by endpoint, method and status. An observation costs two or three look-ups and an addition: it builds no
 * key, and label objects are created only for a scrape. An endpoint of a reloaded configuration continues the series of the one
 * with the same id.
 */
export class RequestDurations {
  readonly #cap: number
  readonly #byId = new Map<string, Methods>()
  readonly #byEndpoint = new WeakMap<Endpoint, Methods>()
  #none: Methods | undefined
  #series = 0
  #overflow: Histogram | undefined

  /** @param cap largest number of series; further observations go to one whose labels are `_OTHER` */
  constructor(cap = 10_000) {
    this.#cap = cap
  }

  /**
   * @param status a number, or a word from a small fixed set
   * @param traced the trace that it belongs to, if that is recorded
   */
  observe(
    endpoint: Endpoint | undefined,
    method: string,
    status: number | string,
    seconds: number,
    traced?: Pick<Exemplar, 'traceId' | 'at'>,
  ): void {
    const methods = this.#methods(endpoint)
    let statuses = methods.get(method)
    if (statuses === undefined) {
      const label = methodLabel(method)
      statuses = methods.get(label)
      if (statuses === undefined) {
        statuses = new Map()
        methods.set(label, statuses)
      }
    }
    const histogram = statuses.get(status) ?? this.#make(statuses, status)
    histogram.observe(seconds, traced)
  }

  samples(): HistogramSample[] {
    const samples: HistogramSample[] = []
    for (const [endpoint, methods] of this.#byId) {
      for (const [method, statuses] of methods) {
        for (const [status, histogram] of statuses)
          samples.push(histogram.sample({ endpoint, method, status: String(status) }))
      }
    }
    if (this.#overflow !== undefined)
      samples.push(this.#overflow.sample({ endpoint: OTHER, method: OTHER, status: OTHER }))
    return samples
  }

  #methods(endpoint: Endpoint | undefined): Methods {
    if (endpoint === undefined) {
      this.#none ??= this.#methodsOf(NO_ENDPOINT)
      return this.#none
    }
    let methods = this.#byEndpoint.get(endpoint)
    if (methods === undefined) {
      methods = this.#methodsOf(endpoint.id)
      this.#byEndpoint.set(endpoint, methods)
    }
    return methods
  }

  #methodsOf(id: string): Methods {
    let methods = this.#byId.get(id)
    if (methods === undefined) {
      methods = new Map()
      this.#byId.set(id, methods)
    }
    return methods
  }

  #make(statuses: Statuses, status: number | string): Histogram {
    if (this.#series >= this.#cap) {
      this.#overflow ??= new Histogram()
      return this.#overflow
    }
    this.#series++
    const histogram = new Histogram()
    statuses.set(status, histogram)
    return histogram
  }
}
