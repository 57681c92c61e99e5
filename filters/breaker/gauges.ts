import type { BreakerPhase, Meter, Sample } from '../../core/index.ts'
import type { Breaker } from './breaker.ts'

const PHASES: readonly BreakerPhase[] = ['closed', 'half_open', 'open']

/** The gauges `weir_breaker_state{endpoint,state}` of all breakers in the process: 1 for the present state, otherwise 0. */
export class BreakerGauges {
  readonly #breakers = new Set<Breaker>()
  /** Kept, so that a scrape need not write the same text again. */
  readonly #labels = new Map<string, readonly { readonly endpoint: string; readonly state: BreakerPhase }[]>()
  readonly #unregister: () => void

  constructor(meter: Meter) {
    this.#unregister = meter.register({
      name: 'weir_breaker_state',
      help: 'Whether the breaker of an endpoint is in a state (1) or not (0).',
      type: 'gauge',
      aggregate: 'max',
      collect: () => this.#collect(),
    })
  }

  add(breaker: Breaker): void {
    this.#breakers.add(breaker)
  }

  remove(breaker: Breaker): void {
    this.#breakers.delete(breaker)
    this.#labels.delete(breaker.endpoint)
  }

  close(): void {
    this.#unregister()
  }

  /** An endpoint may have several breakers, but a series must appear once: it shows the worst state. */
  #collect(): Sample[] {
    const worst = new Map<string, number>()
    for (const { endpoint, phase } of this.#breakers)
      worst.set(endpoint, Math.max(PHASES.indexOf(phase), worst.get(endpoint) ?? 0))
    const samples: Sample[] = []
    for (const [endpoint, index] of worst) {
      let labels = this.#labels.get(endpoint)
      if (labels === undefined) {
        labels = PHASES.map((state) => ({ endpoint, state }))
        this.#labels.set(endpoint, labels)
      }
      for (let i = 0; i < PHASES.length; i++) samples.push({ labels: labels[i]!, value: i === index ? 1 : 0 })
    }
    return samples
  }
}
