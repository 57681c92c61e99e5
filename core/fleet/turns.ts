/** Work that can run beside other such work, and work that must run alone. Turns come in the order in which they were asked for. */
export class Turns {
  /** The last work that runs alone. */
  #alone: Promise<unknown> = Promise.resolve()
  readonly #beside = new Set<Promise<unknown>>()

  /** Runs work beside other such work. */
  beside<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#alone.then(work)
    const over = result.then(
      () => void this.#beside.delete(over),
      () => void this.#beside.delete(over),
    )
    this.#beside.add(over)
    return result
  }

  /** Runs work alone. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = Promise.all([this.#alone, ...this.#beside]).then(work)
    this.#alone = result.catch(() => {})
    return result
  }
}
