/** How many may be in, and how many may wait for it. */
export interface PermitRules {
  readonly maxConcurrent: number
  readonly maxQueue: number
}

/** One that waits for a slot. */
export interface Waiter {
  /** Takes it out of the queue; harmless when it is not in it any more. */
  leave(): void
}

/**
 * A number of slots and a bounded queue before them, first come, first served. Plain data, so that it outlives the instances
 * that use it; rules of a later instance replace those of an earlier one with the first request that it serves, so that a load
 * that fails changes nothing.
 */
export class Permits {
  active = 0
  #rules: PermitRules | undefined
  #generation = -1
  #generations = 0
  /** In the order in which they came; a set, so that leaving it costs nothing. */
  readonly #queue = new Set<() => void>()

  get queued(): number {
    return this.#queue.size
  }

  /** The number of a new instance, to be passed to `use`. */
  next(): number {
    return this.#generations++
  }

  /** These rules hold from now on, unless those of a later instance already do. */
  use(rules: PermitRules, generation: number): void {
    if (generation <= this.#generation) return
    this.#generation = generation
    this.#rules = rules
    this.#admit()
  }

  /** Takes a slot at once; false if it must be waited for. Whoever has one gives it back by `release`, once. */
  enter(): boolean {
    if (this.#queue.size > 0 || this.active >= this.#rules!.maxConcurrent) return false
    this.active++
    return true
  }

  /**
   * Waits for a slot. Undefined if the queue is full.
   * @param enter called at most once, when it has one
   */
  wait(enter: () => void): Waiter | undefined {
    if (this.#queue.size >= this.#rules!.maxQueue) return undefined
    // A function of its own: the same one might wait twice.
    const turn = (): void => enter()
    this.#queue.add(turn)
    return { leave: () => void this.#queue.delete(turn) }
  }

  release(): void {
    this.active--
    this.#admit()
  }

  #admit(): void {
    for (const turn of this.#queue) {
      if (this.active >= this.#rules!.maxConcurrent) return
      this.#queue.delete(turn)
      this.active++
      turn()
    }
  }
}
