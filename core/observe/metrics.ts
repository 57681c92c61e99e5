import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Meter, Metric } from '../api/meter.ts'
import { runInSlices, TimeSlice } from '../base/time-slice.ts'
import { type Exposition, exposed } from './exposition.ts'
import { METRIC_NAME, type MetricRows, type NamedSample, type Row, rowsOf } from './metric-rows.ts'
import { type MetricSeries, SeriesTexts, seriesOf } from './metric-series.ts'

export interface MetricsOptions {
  /** Also the metrics of the process itself: memory, event loop, processor time. */
  readonly process?: boolean
  /** Told when `collect` of a metric throws. The scrape has all others. */
  readonly onError?: (metric: string, error: unknown) => void
}

/** The metrics of this process: those of the process itself are prom-client's, all others are read for every scrape. */
export class Metrics implements Meter {
  /** prom-client's. */
  readonly #process = new Registry()
  readonly #metrics = new Map<string, Metric>()
  readonly #texts = new SeriesTexts()
  readonly #onError: (metric: string, error: unknown) => void

  constructor(options: MetricsOptions = {}) {
    this.#onError = options.onError ?? (() => {})
    if (options.process === true) collectDefaultMetrics({ register: this.#process })
  }

  register(metric: Metric): () => void {
    const { name } = metric
    if (!METRIC_NAME.test(name)) throw new Error(`Invalid metric name: ${name}`)
    if (this.#metrics.has(name) || this.#process.getSingleMetric(name) !== undefined)
      throw new Error(`A metric with the name ${name} has already been registered.`)
    this.#metrics.set(name, metric)
    return () => void this.#metrics.delete(name)
  }

  /** Every metric with its series. Other work is done meanwhile: it takes some milliseconds per 10,000 series. */
  async series(): Promise<MetricSeries[]> {
    const slice = new TimeSlice()
    const all: MetricSeries[] = []
    for (const metric of await this.#ofProcess()) all.push(await runInSlices(seriesOf(metric), slice))
    for (const metric of [...this.#metrics.values()]) {
      // What a plugin collects can be anything: it costs its own lines alone.
      try {
        all.push(await runInSlices(seriesOf(rowsOf(metric, this.#collect(metric)), this.#texts), slice))
      } catch (error) {
        this.#onError(metric.name, error)
      }
    }
    return all
  }

  /** Every metric with its numbers, now. */
  async rows(): Promise<MetricRows[]> {
    return [
      ...(await this.#ofProcess()),
      ...Array.from(this.#metrics.values(), (metric) => rowsOf(metric, this.#collect(metric))),
    ]
  }

  async #ofProcess(): Promise<MetricRows[]> {
    const ofProcess = (await this.#process.getMetricsAsJSON()) as unknown as PromMetric[]
    return ofProcess.map(({ name, help, type, aggregator, values }) => ({
      name,
      help,
      type,
      aggregate: aggregator === 'sum' ? 'sum' : 'max',
      perProcess: true,
      rows: values,
    }))
  }

  /** @param accept what the scraper takes, as its field `Accept` says; default: Prometheus's text format */
  async expose(accept?: string): Promise<Exposition> {
    return exposed(await this.series(), accept)
  }

  #collect(metric: Metric): readonly Row[] {
    try {
      return metric.collect()
    } catch (error) {
      this.#onError(metric.name, error)
      return []
    }
  }
}

/** As prom-client gives it. */
interface PromMetric {
  readonly name: string
  readonly help: string
  readonly type: Metric['type']
  readonly aggregator: string
  readonly values: readonly NamedSample[]
}
