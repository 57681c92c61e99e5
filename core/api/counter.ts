import type { Sample } from './meter.ts'

/** Counts by one or more labels, in a map that grows only with the label values that code passes. */
export class Counter<Label extends string> {
  readonly #values = new Map<string, { labels: Record<Label, string>; value: number }>()

  add(labels: Record<Label, string>, amount = 1): void {
    const key = JSON.stringify(labels)
    const entry = this.#values.get(key)
    if (entry === undefined) this.#values.set(key, { labels, value: amount })
    else entry.value += amount
  }

  samples(): Sample[] {
    return [...this.#values.values()]
  }
}
