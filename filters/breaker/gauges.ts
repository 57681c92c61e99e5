import type { Meter, Sample } from '../../core/index.ts'
import type { BreakerState, Phase } from './state.ts'

const PHASES: readonly Phase[] = ['closed', 'half_open', 'open']

/** The gauges `weir_breaker_state{endpoint,state}` of every breaker in the process: 1 for the state it is in, else 0. */
export class BreakerGauges {
  /** How many instances keep each state; during a reload the old and the new one keep the same. */
  readonly #held = new Map<BreakerState, { endpoint: string; holders: number }>()
  readonly #unregister: () => void

  constructor(meter: Meter) {
    this.#unregister = meter.register({
      name: 'weir_breaker_state',
      help: 'Whether the breaker of an endpoint is in a state (1) or not (0).',
      type: 'gauge',
      collect: () => this.#collect(),
    })
  }

  add(endpoint: string, state: BreakerState): void {
    const entry = this.#held.get(state)
    if (entry === undefined) this.#held.set(state, { endpoint, holders: 1 })
    else entry.holders++
  }

  remove(state: BreakerState): void {
    const entry = this.#held.get(state)
    if (entry !== undefined && --entry.holders === 0) this.#held.delete(state)
  }

  close(): void {
    this.#unregister()
  }

  /** A chain may hold two breakers; a series must appear once, so the worse state stands for the endpoint. */
  #collect(): Sample[] {
    const worst = new Map<string, number>()
    for (const [state, { endpoint }] of this.#held) {
      worst.set(endpoint, Math.max(PHASES.indexOf(state.phase), worst.get(endpoint) ?? 0))
    }
    const samples: Sample[] = []
    for (const [endpoint, index] of worst) {
      PHASES.forEach((state, i) => {
        samples.push({ labels: { endpoint, state }, value: i === index ? 1 : 0 })
      })
    }
    return samples
  }
}
