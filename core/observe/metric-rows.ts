import type { HistogramSample, Metric, Sample } from '../api/meter.ts'

/** A number of a series that has a name of its own: prom-client's metrics of the process have such series. */
export interface NamedSample extends Sample {
  readonly metricName?: string | undefined
}

export type Row = NamedSample | HistogramSample

/** A metric with its numbers of one moment: plain data, the same for one process and for several. */
export interface MetricRows {
  readonly name: string
  readonly help: string
  readonly type: Metric['type']
  readonly aggregate: NonNullable<Metric['aggregate']>
  /** Of a process, not of the gateway: those of several workers stand beside each other, with the label `worker`. */
  readonly perProcess?: boolean
  readonly rows: readonly Row[]
}

/** What a metric may be called in the exposition of Prometheus. */
export const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** A metric with its numbers. */
export const rowsOf = ({ name, help, type, aggregate = 'sum' }: Metric, rows: readonly Row[]): MetricRows => ({
  name,
  help,
  type,
  aggregate,
  rows,
})

/** One number, as the exposition of Prometheus has it. */
export interface MetricReading extends Sample {
  /** Of a histogram, the name of the series: `…_bucket`, `…_sum`, `…_count`. */
  readonly name: string
}

/** Every number of a metric. The buckets of a histogram become cumulative. */
export function* readingsOf(name: string, rows: Iterable<Row>): Iterable<MetricReading> {
  for (const row of rows) {
    const { labels } = row
    if ('value' in row) {
      yield { name: row.metricName ?? name, labels, value: row.value }
      continue
    }
    let below = 0
    for (const [i, count] of row.buckets.entries()) {
      below += count
      yield { name: `${name}_bucket`, labels: { ...labels, le: row.bounds[i] ?? '+Inf' }, value: below }
    }
    yield { name: `${name}_sum`, labels, value: row.sum }
    yield { name: `${name}_count`, labels, value: row.count }
  }
}
