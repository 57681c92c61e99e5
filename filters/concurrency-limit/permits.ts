/** How many permits there are, and how many requests may wait for one. */
export interface PermitRules {
  readonly maxConcurrent: number
  readonly maxQueue: number
}

/** A request that waits for a permit. */
export interface Waiter {
  /** Leaves the queue; harmless if it is not in it any more. */
  leave(): void
}

/**
 * A number of permits with a bounded queue, first come, first served. It outlives the instances that use it. The rules of a later
 * instance apply from the first request that the instance serves, so that a load that fails changes nothing.
 */
export class Permits {
  active = 0
  #rules: PermitRules | undefined
  #generation = -1
  #generations = 0
  /** In order of arrival; a set, so that leaving it is cheap. */
  readonly #queue = new Set<() => void>()

  get queued(): number {
    return this.#queue.size
  }

  /** Number of a new instance, for `use`. */
  next(): number {
    return this.#generations++
  }

  /** Applies these rules from now on, unless those of a later instance apply already. */
  use(rules: PermitRules, generation: number): void {
    if (generation <= this.#generation) return
    this.#generation = generation
    this.#rules = rules
    this.#admit()
  }

  /** Takes a permit at once, or returns false. A permit is given back by one call of `release`. */
  enter(): boolean {
    if (this.#queue.size > 0 || this.active >= this.#rules!.maxConcurrent) return false
    this.active++
    return true
  }

  /**
   * Waits for a permit. Undefined if the queue is full.
   * @param enter called at most once, with the permit
   */
  wait(enter: () => void): Waiter | undefined {
    if (this.#queue.size >= this.#rules!.maxQueue) return undefined
    // A new function: the same `enter` might wait twice.
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
