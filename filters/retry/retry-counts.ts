import { Counter, type Meter } from '../../core/index.ts'

/** What is counted: each retry, its result, and why a request that failed was not, or not again, retried. */
export type RetryOutcome =
  | 'retried'
  | 'recovered'
  | 'exhausted'
  | 'unsafe'
  | 'retry_after'
  | 'timeout'
  | 'budget'
  | 'body'
  | 'refused'
  | 'aborted'

/** The counter `weir_retries_total{endpoint,outcome}` of all retry filters in the process. */
export class RetryCounts {
  readonly #counter = new Counter<'endpoint' | 'outcome'>()
  readonly close: () => void

  constructor(meter: Meter) {
    this.close = meter.register({
      name: 'weir_retries_total',
      help: 'Retries, their results, and why failed requests were not retried.',
      type: 'counter',
      collect: () => this.#counter.samples(),
    })
  }

  add(endpoint: string, outcome: RetryOutcome): void {
    this.#counter.add({ endpoint, outcome })
  }
}
