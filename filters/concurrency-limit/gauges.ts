import type { Meter, Sample } from '../../core/index.ts'
import type { Permits } from './permits.ts'

const GAUGES = [
  [
    'weir_concurrency_active',
    'Upstream calls that hold a permit of concurrency-limit.',
    (permits: Permits) => permits.active,
  ],
  [
    'weir_concurrency_queued',
    'Requests that wait for a permit of concurrency-limit.',
    (permits: Permits) => permits.queued,
  ],
] as const

/** The gauges of all concurrency-limit filters in the process, by endpoint. */
export class PermitGauges {
  /** Number of instances that hold each; during a reload the old and the new instance hold the same. */
  readonly #held = new Map<Permits, { endpoint: string; holders: number }>()
  readonly #unregister: (() => void)[]

  constructor(meter: Meter) {
    this.#unregister = GAUGES.map(([name, help, read]) =>
      meter.register({ name, help, type: 'gauge', collect: () => this.#collect(read) }),
    )
  }

  add(endpoint: string, permits: Permits): void {
    const entry = this.#held.get(permits)
    if (entry === undefined) this.#held.set(permits, { endpoint, holders: 1 })
    else entry.holders++
  }

  remove(permits: Permits): void {
    const entry = this.#held.get(permits)
    if (entry !== undefined && --entry.holders === 0) this.#held.delete(permits)
  }

  close(): void {
    for (const unregister of this.#unregister) unregister()
  }

  /** A chain may have two of the filter, but a series must appear once. */
  #collect(read: (permits: Permits) => number): Sample[] {
    const sums = new Map<string, number>()
    for (const [permits, { endpoint }] of this.#held) sums.set(endpoint, (sums.get(endpoint) ?? 0) + read(permits))
    return [...sums].map(([endpoint, value]) => ({ labels: { endpoint }, value }))
  }
}
