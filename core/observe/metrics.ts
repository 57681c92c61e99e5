import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Meter, Metric, Sample } from '../api/meter.ts'

export interface MetricsOptions {
  /** Also the metrics of the process itself: memory, event loop, processor time. */
  readonly process?: boolean
  /** Told when `collect` of a metric throws. The scrape has all others. */
  readonly onError?: (metric: string, error: unknown) => void
}

/** The metrics of the process. prom-client gets them as objects that are read for every scrape. */
export class Metrics implements Meter {
  readonly registry = new Registry()
  readonly #onError: (metric: string, error: unknown) => void

  constructor(options: MetricsOptions = {}) {
    this.#onError = options.onError ?? (() => {})
    if (options.process === true) collectDefaultMetrics({ register: this.registry })
  }

  register(metric: Metric): () => void {
    const { name, help, type } = metric
    const entry = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: async () => ({ name, help, type, aggregator: 'sum', values: this.#samplesOf(metric) }),
    }
    this.registry.registerMetric(entry as never) // prom-client's type wants its own class; its code uses only name and get()
    return () => this.registry.removeSingleMetric(name)
  }

  #samplesOf(metric: Metric): Sample[] {
    try {
      return metric.collect()
    } catch (error) {
      this.#onError(metric.name, error)
      return []
    }
  }

  async expose(): Promise<{ type: string; text: string }> {
    return { type: this.registry.contentType, text: await this.registry.metrics() }
  }
}
