import { type Endpoint, Histogram, methodLabel, type Sample } from '../../core/index.ts'

/** Label of requests without a route. */
const NO_ENDPOINT = '_none'
/** Label of whatever is outside a bound. */
export const OTHER = '_OTHER'

type Statuses = Map<number | string, Histogram>
type Methods = Map<string, Statuses>

/**
 * Duration histograms by endpoint, method and status. To count is two or three look-ups and an addition: no key is put
 * together, and no label object made before a scrape. Endpoints of a reloaded configuration continue the series of those
 * of the same id.
 */
export class RequestDurations {
  readonly #name: string
  readonly #cap: number
  readonly #byId = new Map<string, Methods>()
  readonly #byEndpoint = new WeakMap<Endpoint, Methods>()
  #none: Methods | undefined
  #series = 0
  #overflow: Histogram | undefined

  /** @param cap how many series there may be; observations beyond go to one whose labels are `_OTHER` */
  constructor(name: string, cap = 10_000) {
    this.#name = name
    this.#cap = cap
  }

  /** @param status a number, or a word from a small fixed set */
  observe(endpoint: Endpoint | undefined, method: string, status: number | string, seconds: number): void {
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
    histogram.observe(seconds)
  }

  samples(): Sample[] {
    const samples: Sample[] = []
    for (const [endpoint, methods] of this.#byId) {
      for (const [method, statuses] of methods) {
        for (const [status, histogram] of statuses)
          samples.push(...histogram.samples(this.#name, { endpoint, method, status: String(status) }))
      }
    }
    if (this.#overflow !== undefined)
      samples.push(...this.#overflow.samples(this.#name, { endpoint: OTHER, method: OTHER, status: OTHER }))
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
