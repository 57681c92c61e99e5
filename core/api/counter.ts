import type { Sample } from './meter.ts'

/**
 * Counts by one or more labels. Adding costs a look-up in a map.
 *
 * Every combination of label values is kept until the process ends. Take the values from the configuration or from a fixed
 * list, never from a client: paths, users or hosts would fill the memory.
 *
 * ```ts
 * const counter = new Counter<'tenant' | 'result'>()
 * counter.add({ tenant: 'acme', result: 'refused' })
 * // in the metric: collect: () => counter.samples()
 * ```
 * `Meter` shows how to register it once for all instances of a filter.
 */
export class Counter<Label extends string> {
  readonly #values = new Map<string, { labels: Record<Label, string>; value: number }>()

  /** @param amount not negative: a counter never falls */
  add(labels: Record<Label, string>, amount = 1): void {
    const key = JSON.stringify(labels)
    const entry = this.#values.get(key)
    if (entry === undefined) this.#values.set(key, { labels, value: amount })
    else entry.value += amount
  }

  /** One sample per combination of label values that was counted. */
  samples(): Sample[] {
    return [...this.#values.values()]
  }
}
