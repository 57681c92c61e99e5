import type { Filter, TerminalFilter } from '../api/filter.ts'
import { Histogram } from '../api/histogram.ts'
import type { Meter } from '../api/meter.ts'
import { isThenable } from '../base/thenable.ts'

/** One request in this many is timed: reading the clock around each hook of each request would cost more than the hooks. */
const EVERY = 128

/** How long filters take in their hooks, for a sample of requests. */
export class FilterDurations {
  readonly #byFilter = new Map<string, Histogram>()
  #count = 0

  constructor(meter: Meter) {
    meter.register({
      name: 'weir_filter_duration_seconds',
      help: `Time in one inbound or response hook of a filter, waiting included, of one request in ${EVERY}.`,
      type: 'histogram',
      collect: () => Array.from(this.#byFilter, ([filter, histogram]) => histogram.sample({ filter })),
    })
  }

  /** Whether this request is one of the sample. */
  next(): boolean {
    this.#count = (this.#count + 1) % EVERY
    return this.#count === 1
  }

  /** @param filter a name in a chain: the label has few values */
  observe(filter: string, milliseconds: number): void {
    let histogram = this.#byFilter.get(filter)
    if (histogram === undefined) {
      histogram = new Histogram()
      this.#byFilter.set(filter, histogram)
    }
    histogram.observe(milliseconds / 1000)
  }
}

const TIMED = ['request', 'routed', 'admit', 'response'] as const
const UNTIMED = ['upstream', 'settled', 'log', 'pick', 'call'] as const

type Hook = (x: unknown, ...rest: unknown[]) => unknown
type Hooks = Partial<Record<(typeof TIMED)[number] | (typeof UNTIMED)[number], Hook>>

/** A filter with the same hooks, of which the inbound ones and `response` are timed. Synchronous hooks stay synchronous. */
export function timeFilter(filter: Filter | TerminalFilter, name: string, durations: FilterDurations): Filter {
  // By name, since every hook is wrapped in the same way.
  const hooks = filter as unknown as Hooks
  const decorated: Hooks = {}
  for (const hook of UNTIMED) if (hooks[hook] !== undefined) decorated[hook] = hooks[hook].bind(filter)
  for (const hook of TIMED) {
    const run = hooks[hook]?.bind(filter)
    if (run === undefined) continue
    decorated[hook] = (x, ...rest) => {
      const from = performance.now()
      const result = run(x, ...rest)
      const done = (): void => durations.observe(name, performance.now() - from)
      if (isThenable(result)) result.then(done, done)
      else done()
      return result
    }
  }
  return decorated as unknown as Filter
}
