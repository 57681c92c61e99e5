/** One number of a scrape. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  /** Name of the series where it differs from the metric's: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly metricName?: string
}

/** A metric. Its numbers are collected when a scrape comes, so that counting costs a plain addition. */
export interface Metric {
  /** Snake case, with the base unit at the end (`_seconds`, `_bytes`), and `_total` for a counter. */
  readonly name: string
  /** One sentence for people. */
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Called for every scrape; synchronous. Each set of labels must appear once. */
  collect(): Sample[]
}

/**
 * The metrics of the process, as `/metrics` shows them. Names are unique in the process, and an instance is replaced while
 * its successor exists already. A filter therefore registers a metric once for all its instances, in a `share`:
 *
 * ```ts
 * const { counter } = env.share('requests', {
 *   scope: 'factory',
 *   version: 1,
 *   make: () => {
 *     const counter = new Counter<'tenant'>()
 *     const unregister = env.meter.register({
 *       name: 'tenant_requests_total',
 *       help: 'Requests by tenant.',
 *       type: 'counter',
 *       collect: () => counter.samples(),
 *     })
 *     return { counter, unregister }
 *   },
 *   close: ({ unregister }) => unregister(),
 * })
 * ```
 */
export interface Meter {
  /**
   * Adds a metric.
   * @returns a function that removes it
   * @throws Error if the name is taken
   */
  register(metric: Metric): () => void
}
