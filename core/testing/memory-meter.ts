import type { Meter, Metric, Sample } from '../api/meter.ts'
import { runAtOnce } from '../base/time-slice.ts'
import { writeExposition } from '../observe/exposition.ts'
import { METRIC_NAME, type MetricReading, readingsOf, rowsOf } from '../observe/metric-rows.ts'
import { seriesOf } from '../observe/metric-series.ts'

/** Metrics that can be read at any moment. Refuses what the gateway's own meter refuses. */
export class MemoryMeter implements Meter {
  readonly #metrics = new Map<string, Metric>()

  /** @throws Error for a name that is taken, or that Prometheus can't read */
  register(metric: Metric): () => void {
    const { name } = metric
    if (!METRIC_NAME.test(name)) throw new Error(`Invalid metric name: ${name}`)
    if (this.#metrics.has(name)) throw new Error(`A metric with the name ${name} has already been registered.`)
    this.#metrics.set(name, metric)
    return () => void this.#metrics.delete(name)
  }

  /** Names of the metrics that are registered. */
  get names(): string[] {
    return [...this.#metrics.keys()]
  }

  /** Every number, now. */
  read(): MetricReading[] {
    return [...this.#metrics.values()].flatMap((metric) => [...readingsOf(metric.name, metric.collect())])
  }

  /** The exposition that Prometheus would read. */
  text(): string {
    return Buffer.concat(
      runAtOnce(
        writeExposition(
          [...this.#metrics.values()].map((metric) => runAtOnce(seriesOf(rowsOf(metric, metric.collect())))),
        ),
      ),
    ).toString()
  }

  /** The numbers that `name` and `labels` select, now; see `metricOf`. */
  value(name: string, labels: Sample['labels'] = {}): number | undefined {
    return metricOf(this.read(), name, labels)
  }
}

/**
 * The sum of all readings with that name whose labels include the given ones; undefined if there is none.
 *
 * ```ts
 * metricOf(readings, 'weir_retries_total', { outcome: 'retried' })
 * ```
 */
export function metricOf(
  readings: readonly MetricReading[],
  name: string,
  labels: Sample['labels'] = {},
): number | undefined {
  const wanted = Object.entries(labels)
  const found = readings.filter(
    (reading) => reading.name === name && wanted.every(([label, value]) => reading.labels[label] === value),
  )
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
}
