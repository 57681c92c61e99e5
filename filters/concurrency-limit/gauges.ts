import type { Meter, Sample } from '../../core/index.ts'
import type { Slots } from './permits.ts'

const GAUGES = [
  ['weir_concurrency_active', 'Upstream calls that hold a slot of concurrency-limit.', (slots: Slots) => slots.active],
  ['weir_concurrency_queued', 'Requests that wait for a slot of concurrency-limit.', (slots: Slots) => slots.queued],
] as const

/** The gauges of every concurrency-limit in the process, by endpoint. */
export class SlotGauges {
  /** How many instances keep each; during a reload the old and the new one keep the same. */
  readonly #held = new Map<Slots, { endpoint: string; holders: number }>()
  readonly #unregister: (() => void)[]

  constructor(meter: Meter) {
    this.#unregister = GAUGES.map(([name, help, read]) =>
      meter.register({ name, help, type: 'gauge', collect: () => this.#collect(read) }),
    )
  }

  add(endpoint: string, slots: Slots): void {
    const entry = this.#held.get(slots)
    if (entry === undefined) this.#held.set(slots, { endpoint, holders: 1 })
    else entry.holders++
  }

  remove(slots: Slots): void {
    const entry = this.#held.get(slots)
    if (entry !== undefined && --entry.holders === 0) this.#held.delete(slots)
  }

  close(): void {
    for (const unregister of this.#unregister) unregister()
  }

  /** A chain may hold two of the filter, but a series must appear once. */
  #collect(read: (slots: Slots) => number): Sample[] {
    const sums = new Map<string, number>()
    for (const [slots, { endpoint }] of this.#held) sums.set(endpoint, (sums.get(endpoint) ?? 0) + read(slots))
    return [...sums].map(([endpoint, value]) => ({ labels: { endpoint }, value }))
  }
}
