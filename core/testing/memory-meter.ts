import type { Meter, Metric, Sample } from '../api/meter.ts'

/** One number of a metric at one moment. */
export interface MetricReading {
  /** Of a histogram, the name of the series: `…_bucket`, `…_sum`, `…_count`. */
  readonly name: string
  readonly labels: Sample['labels']
  readonly value: number
}

/** What a metric may be called in the exposition of Prometheus. */
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** Metrics that can be read at any moment. Refuses what the gateway's own meter refuses. */
export class MemoryMeter implements Meter {
  readonly #metrics = new Map<string, Metric>()

  /** @throws Error for a name that is taken, or that Prometheus can't read */
  register(metric: Metric): () => void {
    const { name } = metric
    if (!NAME.test(name)) throw new Error(`Invalid metric name: ${name}`)
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
    return [...this.#metrics.values()].flatMap(readingsOf)
  }

  /** The exposition that Prometheus would read. */
  text(): string {
    const lines = [...this.#metrics.values()].flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help}\n`,
      `# TYPE ${metric.name} ${metric.type}\n`,
      ...readingsOf(metric).map(({ name, labels, value }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(String(text))}`)
        return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
      }),
    ])
    return lines.join('')
  }

  /** The numbers that `name` and `labels` select, now; see `metricOf`. */
  value(name: string, labels: Sample['labels'] = {}): number | undefined {
    return metricOf(this.read(), name, labels)
  }
}

const readingsOf = (metric: Metric): MetricReading[] =>
  metric.collect().map(({ metricName = metric.name, labels, value }) => ({ name: metricName, labels, value }))

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
