/** One number of a scrape. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** One observation of a histogram that was traced (OpenMetrics, "Exemplars"). Plain data. */
export interface Exemplar {
  /** 32 hex digits. */
  readonly traceId: string
  readonly value: number
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/** The series of a histogram for one set of labels. `Histogram` makes them. */
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string | number>>
  /** Upper bounds of the buckets but the last, rising. */
  readonly bounds: readonly number[]
  /** Counts by bucket, not cumulative; the last, one more than `bounds`, is +Inf. */
  readonly buckets: readonly number[]
  /** All observations together. */
  readonly sum: number
  /** Number of observations. */
  readonly count: number
  /** The last traced observation of each bucket, where there is one. */
  readonly exemplars?: readonly (Exemplar | undefined)[] | undefined
}

/** A metric. Its numbers are collected when a scrape comes, so that counting costs a plain addition. */
export interface Metric {
  /** Snake case, with the base unit at the end (`_seconds`, `_bytes`), and `_total` for a counter. */
  readonly name: string
  /** One sentence for people. */
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** How the numbers of several workers become one number. Default: `sum`. */
  readonly aggregate?: 'sum' | 'max'
  /** Called for every scrape; synchronous. Each set of labels must appear once. A histogram gives `HistogramSample`s alone. */
  collect(): readonly (Sample | HistogramSample)[]
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
