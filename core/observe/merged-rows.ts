import type { HistogramSample } from '../api/meter.ts'
import type { MetricRows, NamedSample, Row } from './metric-rows.ts'

/**
 * The metrics of several processes as those of one. Counters, histograms and what says `sum` are added up; of others the largest
 * number counts.
 */
export class MergedRows {
  readonly #metrics = new Map<string, { readonly metric: MetricRows; readonly rows: Map<string, Row> }>()

  /** Adds a metric of a process. */
  add(metric: MetricRows): void {
    let merged = this.#metrics.get(metric.name)
    if (merged === undefined) {
      merged = { metric, rows: new Map() }
      this.#metrics.set(metric.name, merged)
    }
    const largest = metric.type === 'gauge' && metric.aggregate === 'max'
    const { rows } = merged
    for (const row of metric.rows) {
      const key = keyOf(row)
      const before = rows.get(key)
      rows.set(key, before === undefined ? row : joined(before, row, largest))
    }
  }

  /** In the order in which they came. */
  *all(): Iterable<MetricRows> {
    for (const { metric, rows } of this.#metrics.values()) yield { ...metric, rows: [...rows.values()] }
  }
}

/** By concatenation: 40,000 rows of a large configuration are merged for every scrape, and JSON costs four times as much. */
function keyOf(row: Row): string {
  let key = 'value' in row ? (row.metricName ?? '') : row.bounds.join()
  for (const label in row.labels) key += `\n${label}\t${row.labels[label]}`
  return key
}

function joined(a: Row, b: Row, largest: boolean): Row {
  if ('value' in a && 'value' in b) {
    const value = largest ? Math.max(a.value, b.value) : a.value + b.value
    const { labels, metricName }: NamedSample = a
    return metricName === undefined ? { labels, value } : { labels, metricName, value }
  }
  const [first, second] = [a as HistogramSample, b as HistogramSample]
  return {
    ...first,
    buckets: first.buckets.map((count, i) => count + (second.buckets[i] ?? 0)),
    sum: first.sum + second.sum,
    count: first.count + second.count,
  }
}
