import type { HistogramSample } from '../api/meter.ts'
import type { MetricRows, NamedSample, Row } from './metric-rows.ts'

/**
 * The metrics of several processes as those of one. Counters, histograms and what says `sum` are added up; of others the largest
 * number counts.
 */
export class MergedRows {
  readonly #metrics = new Map<string, { readonly metric: MetricRows; readonly rows: Map<string, Row> }>()

  /** Adds the metrics of a process. */
  add(metrics: Iterable<MetricRows>): void {
    for (const metric of metrics) {
      let merged = this.#metrics.get(metric.name)
      if (merged === undefined) {
        merged = { metric, rows: new Map() }
        this.#metrics.set(metric.name, merged)
      }
      const largest = metric.type === 'gauge' && metric.aggregate === 'max'
      for (const row of metric.rows) {
        const key = keyOf(row)
        const before = merged.rows.get(key)
        merged.rows.set(key, before === undefined ? row : joined(before, row, largest))
      }
    }
  }

  /** In the order in which they came. */
  *all(): Iterable<MetricRows> {
    for (const { metric, rows } of this.#metrics.values()) yield { ...metric, rows: [...rows.values()] }
  }
}

const keyOf = (row: Row): string =>
  JSON.stringify(['value' in row ? row.metricName : row.bounds, ...Object.entries(row.labels).flat()])

function joined(a: Row, b: Row, largest: boolean): Row {
  if ('value' in a && 'value' in b) {
    const sample: NamedSample = a
    return { ...sample, value: largest ? Math.max(a.value, b.value) : a.value + b.value }
  }
  const [first, second] = [a as HistogramSample, b as HistogramSample]
  return {
    ...first,
    buckets: first.buckets.map((count, i) => count + (second.buckets[i] ?? 0)),
    sum: first.sum + second.sum,
    count: first.count + second.count,
  }
}
