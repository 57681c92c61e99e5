import type { LimitUse, LimitValue } from './status-keys.ts'

/** Divides limits between the workers: each gets what it uses, and an equal part of what is free. */
export class FleetLimits {
  readonly #tell: (name: string, value: LimitValue) => void
  readonly #workers = new Set<number>()
  /** By name of the limit, and number of the worker. */
  readonly #uses = new Map<string, Map<number, LimitUse>>()

  constructor(tell: (name: string, value: LimitValue) => void) {
    this.#tell = tell
  }

  /** @param worker its number */
  greeted(worker: number): void {
    this.#workers.add(worker)
    this.#divideAll()
  }

  take(worker: number, name: string, use: LimitUse): void {
    const uses = this.#uses.get(name) ?? new Map<number, LimitUse>()
    this.#uses.set(name, uses)
    // The last one counts where two know different limits, during a reload.
    uses.delete(worker)
    uses.set(worker, use)
    this.#divide(name, uses)
  }

  gone(worker: number): void {
    this.#workers.delete(worker)
    for (const uses of this.#uses.values()) uses.delete(worker)
    this.#divideAll()
  }

  #divideAll(): void {
    for (const [name, uses] of this.#uses) this.#divide(name, uses)
  }

  #divide(name: string, uses: ReadonlyMap<number, LimitUse>): void {
    const limit = [...uses.values()].at(-1)?.limit
    if (limit === undefined) return
    const used = [...uses.values()].reduce((sum, use) => sum + use.used, 0)
    const free = Math.max(0, Math.floor((limit - used) / this.#workers.size))
    this.#tell(
      name,
      Object.fromEntries([...this.#workers].map((worker) => [worker, (uses.get(worker)?.used ?? 0) + free])),
    )
  }
}
