import { collectDefaultMetrics, Registry } from 'prom-client'

/** One number of a scrape. `metricName` is given for the `_bucket`, `_sum` and `_count` series of a histogram. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

/** A metric whose numbers are asked for when a scrape comes, so that counting costs a plain addition. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  collect(): Sample[]
}

export interface Meter {
  /** Adds a metric to the exposition; returns what takes it away again. Names are unique in the process. */
  register(metric: Metric): () => void
}

/** Bounds of OpenTelemetry's duration histograms, in seconds (semantic conventions, HTTP metrics). */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/** A histogram in plain fields. */
export class Histogram {
  /** Counts by bucket, not cumulative; the last is +Inf. */
  readonly buckets: number[] = new Array<number>(DURATION_BUCKETS.length + 1).fill(0)
  sum = 0
  count = 0

  /** @param seconds the observed duration */
  observe(seconds: number): void {
    let i = 0
    while (i < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[i]!) i++
    this.buckets[i]!++
    this.sum += seconds
    this.count++
  }

  samples(name: string, labels: Readonly<Record<string, string | number>>): Sample[] {
    let below = 0
    const samples: Sample[] = this.buckets.map((n, i) => {
      below += n
      return { metricName: `${name}_bucket`, labels: { ...labels, le: DURATION_BUCKETS[i] ?? '+Inf' }, value: below }
    })
    samples.push({ metricName: `${name}_sum`, labels, value: this.sum })
    samples.push({ metricName: `${name}_count`, labels, value: this.count })
    return samples
  }
}

/** The process's metrics, handed to prom-client as objects that are read at scrape time. */
export class Metrics implements Meter {
  readonly registry = new Registry()

  constructor(options: { process?: boolean } = {}) {
    if (options.process === true) collectDefaultMetrics({ register: this.registry })
  }

  register(metric: Metric): () => void {
    const { name, help, type } = metric
    const entry = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: async () => ({ name, help, type, aggregator: 'sum', values: metric.collect() }),
    }
    this.registry.registerMetric(entry as never) // prom-client's type wants its own class; its code asks only for name and get()
    return () => this.registry.removeSingleMetric(name)
  }

  async expose(): Promise<{ type: string; text: string }> {
    return { type: this.registry.contentType, text: await this.registry.metrics() }
  }
}

/** Counts by one or more labels, in a map that grows only with the label values that code passes. */
export class Counter<Label extends string> {
  readonly #values = new Map<string, { labels: Record<Label, string>; value: number }>()

  add(labels: Record<Label, string>, amount = 1): void {
    const key = JSON.stringify(labels)
    const entry = this.#values.get(key)
    if (entry === undefined) this.#values.set(key, { labels, value: amount })
    else entry.value += amount
  }

  samples(): Sample[] {
    return [...this.#values.values()]
  }
}
