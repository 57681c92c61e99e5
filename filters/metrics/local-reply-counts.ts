import type { Sample } from '../../core/index.ts'
import { OTHER } from './request-durations.ts'

/** Local replies by filter and reason. */
export class LocalReplyCounts {
  readonly #cap: number
  readonly #byFilter = new Map<string, Map<string, { value: number }>>()
  #series = 0
  #overflow = 0

  constructor(cap = 10_000) {
    this.#cap = cap
  }

  add(filter: string, reason: string): void {
    const count = this.#byFilter.get(filter)?.get(reason)
    if (count !== undefined) count.value++
    else if (this.#series >= this.#cap) this.#overflow++
    else this.#make(filter, reason)
  }

  samples(): Sample[] {
    const samples: Sample[] = []
    for (const [filter, reasons] of this.#byFilter)
      for (const [reason, { value }] of reasons) samples.push({ labels: { filter, reason }, value })
    if (this.#overflow > 0) samples.push({ labels: { filter: OTHER, reason: OTHER }, value: this.#overflow })
    return samples
  }

  #make(filter: string, reason: string): void {
    let reasons = this.#byFilter.get(filter)
    if (reasons === undefined) {
      reasons = new Map()
      this.#byFilter.set(filter, reasons)
    }
    reasons.set(reason, { value: 1 })
    this.#series++
  }
}
