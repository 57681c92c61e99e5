import type { PermitAsker, PermitRules } from '../../core/index.ts'

/**
 * Permits for the calls of an endpoint. They outlive the instances that use them. The rules of a later instance apply from the first
 * request that the instance serves, so that a load that fails changes nothing.
 */
export abstract class Permits {
  /** How many are given out. */
  active = 0
  protected rules: PermitRules = { maxConcurrent: 0, maxQueue: 0 }
  #generation = -1
  #generations = 0

  /** How many requests wait for one. */
  abstract get queued(): number

  /** Number of a new instance, for `use`. */
  next(): number {
    return this.#generations++
  }

  /** Applies these rules from now on, unless those of a later instance apply already. */
  use(rules: PermitRules, generation: number): void {
    if (generation <= this.#generation) return
    this.#generation = generation
    this.rules = rules
    this.changed()
  }

  /** Takes a permit, if that needs no waiting. It is given back by one call of `release`. */
  abstract enter(): boolean

  abstract release(): void

  /**
   * Asks for a permit.
   * @returns gives the permit back, or leaves the queue; calls after the first do nothing
   */
  abstract ask(asker: PermitAsker): () => void

  /** The rules have changed. */
  protected abstract changed(): void
}
