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
