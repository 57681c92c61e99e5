import type { Requirement } from './endpoint.ts'
import type { FileDigests } from './files.ts'
import type { Filter, FilterFactory } from './filter.ts'
import type { Lane } from './lane.ts'

let instances = 0

/** A filter instance: made once for equal options, shared by chains, disposed when no chain holds it. */
export class Instance {
  /** Never given twice in a process. */
  readonly id = ++instances
  /** Equal keys: equal factories, names and options. */
  readonly key: string
  readonly name: string
  readonly factory: FilterFactory
  readonly filter: Filter
  /** What `create` read. */
  readonly files: FileDigests
  /** What `create` had to say. */
  readonly warnings: readonly string[]
  readonly #dispose: () => Promise<void>
  #holders = 0

  /** @param dispose frees what it holds; called once */
  constructor(
    parts: Pick<Instance, 'key' | 'name' | 'factory' | 'filter' | 'files' | 'warnings'>,
    dispose: () => Promise<void>,
  ) {
    this.key = parts.key
    this.name = parts.name
    this.factory = parts.factory
    this.filter = parts.filter
    this.files = parts.files
    this.warnings = parts.warnings
    this.#dispose = dispose
  }

  hold(): void {
    this.#holders++
  }

  /** Gives up a hold. Resolves when, if it was the last, the instance is disposed. */
  async release(): Promise<void> {
    if (--this.#holders === 0) await this.#dispose()
  }
}

/** A listener's compiled chain. Requests lease it from start to finish; it retires when it is neither live nor leased. */
export class Chain {
  /** Equal keys: the same instances for the same endpoints. */
  readonly key: string
  readonly listener: string
  /** Filters as they are before a route is known. */
  readonly base: Lane
  /** By endpoint id. */
  readonly lanes: ReadonlyMap<string, Lane>
  readonly requires: readonly Requirement[]
  readonly instances: ReadonlySet<Instance>
  /** How many snapshots, built or live, use it. */
  #holders = 0
  #leases = 0
  #retired = false

  constructor(
    key: string,
    listener: string,
    base: Lane,
    lanes: ReadonlyMap<string, Lane>,
    requires: readonly Requirement[],
    instances: ReadonlySet<Instance>,
  ) {
    this.key = key
    this.listener = listener
    this.base = base
    this.lanes = lanes
    this.requires = requires
    this.instances = instances
    for (const instance of instances) instance.hold()
  }

  get leases(): number {
    return this.#leases
  }

  /** A request begins. */
  lease(): void {
    this.#leases++
  }

  /** A request that leased it is over. */
  unlease(): void {
    if (--this.#leases === 0 && this.#holders === 0) void this.retire()
  }

  hold(): void {
    this.#holders++
  }

  /** A snapshot no longer uses it. */
  async release(): Promise<void> {
    if (--this.#holders === 0 && this.#leases === 0) await this.retire()
  }

  /** Gives up its instances, now; later calls do nothing. Called at the drain deadline for chains still leased. */
  async retire(): Promise<void> {
    if (this.#retired) return
    this.#retired = true
    await Promise.all([...this.instances].map((instance) => instance.release()))
  }
}
