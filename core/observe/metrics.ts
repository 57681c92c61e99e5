import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Meter, Metric } from '../api/meter.ts'

/** The metrics of the process. prom-client gets them as objects that are read for every scrape. */
export class Metrics implements Meter {
  readonly registry = new Registry()

  constructor(options: { process?: boolean } = {}) {
    if (options.process === true) collectDefaultMetrics({ register: this.registry })
  }

  register(metric: Metric): () => void {
    const { name, help, type } = metric
    const entry = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: async () => ({ name, help, type, aggregator: 'sum', values: metric.collect() }),
    }
    this.registry.registerMetric(entry as never) // prom-client's type wants its own class; its code uses only name and get()
    return () => this.registry.removeSingleMetric(name)
  }

  async expose(): Promise<{ type: string; text: string }> {
    return { type: this.registry.contentType, text: await this.registry.metrics() }
  }
}
