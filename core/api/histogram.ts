import type { Exemplar, HistogramSample } from './meter.ts'

/**
 * Upper bounds of the buckets of a `Histogram`, in seconds: those of OpenTelemetry's duration histograms (semantic conventions,
 * HTTP metrics).
 *
 * @example const slow = seconds > DURATION_BUCKETS.at(-1)! // counts in `+Inf` alone
 */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const

/**
 * Counts durations in the buckets of `DURATION_BUCKETS`: one series of a histogram, for one set of labels.
 *
 * ```ts
 * const histogram = new Histogram()
 * const startedAt = env.clock.now()
 * await lookUp(tenant)
 * histogram.observe((env.clock.now() - startedAt) / 1000)
 * // in the metric, of type 'histogram':
 * const collect = () => [histogram.sample({ store: 'redis' })]
 * ```
 */
export class Histogram {
  /** Counts by bucket, not cumulative; the last is +Inf. */
  readonly buckets: number[] = new Array<number>(DURATION_BUCKETS.length + 1).fill(0)
  /** Seconds, all observations together. */
  sum = 0
  /** Number of observations. */
  count = 0

  #exemplars: (Exemplar | undefined)[] | undefined

  /**
   * @param seconds the duration
   * @param traced the trace that it belongs to, if that is recorded: it becomes the exemplar of its bucket
   */
  observe(seconds: number, traced?: Pick<Exemplar, 'traceId' | 'at'>): void {
    let i = 0
    while (i < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[i]!) i++
    this.buckets[i]!++
    this.sum += seconds
    this.count++
    if (traced === undefined) return
    this.#exemplars ??= new Array<Exemplar | undefined>(this.buckets.length).fill(undefined)
    this.#exemplars[i] = { traceId: traced.traceId, value: seconds, at: traced.at }
  }

  /** The series as it is now. */
  sample(labels: Readonly<Record<string, string | number>>): HistogramSample {
    const { buckets, sum, count } = this
    return { labels, bounds: DURATION_BUCKETS, buckets: [...buckets], sum, count, exemplars: this.#exemplars }
  }
}
