/** Value of all labels beyond the limit of series. */
const OTHER = '_OTHER'
/** Separates the parts of keys; no label value of a configuration holds it. */
const BETWEEN = '\u0000'

/** Series that one metric of a plugin may have; further label values share one, with `_OTHER` in every label. */
export const MOST_SERIES = 1000

/** What a metric keeps per combination of label values, for at most so many of them. */
export class LabelledValues<Label extends string, T> {
  readonly #labels: readonly Label[]
  readonly #make: () => T
  readonly #most: number
  readonly #series = new Map<string, { readonly labels: Readonly<Record<Label, string>>; readonly value: T }>()

  constructor(labels: readonly Label[], make: () => T, most = MOST_SERIES) {
    this.#labels = labels
    this.#make = make
    this.#most = most
  }

  /** The value for these labels. Labels that the metric has not are ignored, and those that are not given are empty. */
  of(given: Readonly<Partial<Record<Label, unknown>>> | undefined): T {
    let key = ''
    for (const label of this.#labels) key += `${String(given?.[label] ?? '')}${BETWEEN}`
    return (this.#series.get(key) ?? this.#add(key)).value
  }

  /** In the order in which they came. */
  *all(): Iterable<{ readonly labels: Readonly<Record<Label, string>>; readonly value: T }> {
    yield* this.#series.values()
  }

  #add(key: string): { readonly labels: Readonly<Record<Label, string>>; readonly value: T } {
    if (this.#series.size >= this.#most && key !== this.#otherKey)
      return this.#series.get(this.#otherKey) ?? this.#add(this.#otherKey)
    const values = key.split(BETWEEN)
    const labels = Object.fromEntries(this.#labels.map((label, i) => [label, values[i]!])) as Record<Label, string>
    const series = { labels, value: this.#make() }
    this.#series.set(key, series)
    return series
  }

  get #otherKey(): string {
    return this.#labels.map(() => `${OTHER}${BETWEEN}`).join('')
  }
}
