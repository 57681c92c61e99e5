import type { Meter, Sample } from '../../core/index.ts'

/** What is counted: each retry, its result, and why a request that failed was not, or not again, retried. */
export const OUTCOMES = [
  'retried',
  'recovered',
  'exhausted',
  'unsafe',
  'retry_after',
  'timeout',
  'budget',
  'body',
  'refused',
  'aborted',
] as const

export type RetryOutcome = (typeof OUTCOMES)[number]

/** The counter `weir_retries_total{endpoint,outcome}` of all retry filters in the process. */
export class RetryCounts {
  readonly #byEndpoint = new Map<string, Map<RetryOutcome, number>>()
  readonly #unregister: () => void

  constructor(meter: Meter) {
    this.#unregister = meter.register({
      name: 'weir_retries_total',
      help: 'Retries, their results, and why failed requests were not retried.',
      type: 'counter',
      collect: () => this.#collect(),
    })
  }

  add(endpoint: string, outcome: RetryOutcome): void {
    let counts = this.#byEndpoint.get(endpoint)
    if (counts === undefined) {
      counts = new Map()
      this.#byEndpoint.set(endpoint, counts)
    }
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }

  close(): void {
    this.#unregister()
  }

  #collect(): Sample[] {
    return [...this.#byEndpoint].flatMap(([endpoint, counts]) =>
      [...counts].map(([outcome, value]) => ({ labels: { endpoint, outcome }, value })),
    )
  }
}
