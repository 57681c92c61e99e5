import type { Requirement } from '../api/endpoint.ts'
import type { SetField } from '../api/set-field.ts'
import type { EndpointSpec } from '../control/gateway-spec.ts'
import { CompiledChain, type Step } from './compiled-chain.ts'
import type { Instance } from './instance.ts'

/** An endpoint's filters by position in the chain: its own instance, the chain's, or none where the filter is off. */
export type EndpointFilters = readonly (Instance | 'chain' | undefined)[]

/** What a chain is compiled from. */
export interface ChainParts {
  readonly listener: string
  readonly requires: readonly Requirement[]
  /** Position of the terminal filter, for requests without an endpoint; -1 if only endpoints have one. */
  readonly terminal: number
  readonly routes: boolean
  /** Time limits of hooks, by position; milliseconds. */
  readonly limits: readonly (number | undefined)[]
  /** The filters before the route is known; undefined where a filter is off, or every endpoint has an instance of its own. */
  readonly base: readonly (Instance | undefined)[]
  readonly endpoints: ReadonlyMap<string, { readonly spec: EndpointSpec; readonly filters: EndpointFilters }>
}

/** The chain of a listener. Requests lease it from start to finish. It retires when no snapshot uses it and no request leases it. */
export class Chain {
  /** Chains with equal keys have the same instances for the same endpoints. */
  readonly key: string
  readonly parts: ChainParts
  /** For requests whose route is not known yet. */
  readonly base: CompiledChain
  readonly instances: ReadonlySet<Instance>
  /** By the position of the filter that wrote the route, and the endpoint. */
  readonly #compiled: (Map<string, CompiledChain> | undefined)[] = []
  /** Endpoints with equal filters share a compiled chain. */
  readonly #byFilters = new Map<string, CompiledChain>()
  /** Number of snapshots, built or live, that use it. */
  #holders = 0
  #leases = 0
  #retired = false

  constructor(key: string, parts: ChainParts, instances: ReadonlySet<Instance>) {
    this.key = key
    this.parts = parts
    this.base = new CompiledChain(this.#steps(parts.base), parts.terminal, parts.routes)
    this.instances = instances
    for (const instance of instances) instance.hold()
  }

  /** What its filters set, those of all its endpoints together: the fields are cleaned before the route is known. */
  get sets(): readonly SetField[] {
    const sets: SetField[] = []
    for (const instance of this.instances) sets.push(...instance.sets)
    return sets
  }

  get listener(): string {
    return this.parts.listener
  }

  get requires(): readonly Requirement[] {
    return this.parts.requires
  }

  /** An endpoint's filters by position, undefined where one is off; undefined if there is no such endpoint. */
  filtersOf(endpoint: string): readonly (Instance | undefined)[] | undefined {
    const filters = this.parts.endpoints.get(endpoint)?.filters
    return filters?.map((filter, i) => (filter === 'chain' ? this.parts.base[i] : filter))
  }

  /**
   * The compiled chain of an endpoint. Compiled on first use: of thousands of endpoints most are rarely called.
   * @param index position of the filter that wrote the route
   */
  compiledFor(endpoint: string, index: number): CompiledChain | undefined {
    let compiled = this.#compiled[index]?.get(endpoint)
    if (compiled === undefined) {
      const filters = this.filtersOf(endpoint)
      if (filters === undefined) return undefined
      compiled = this.#compile(filters, index)
      this.#compiled[index] ??= new Map()
      this.#compiled[index].set(endpoint, compiled)
    }
    return compiled
  }

  #compile(instances: readonly (Instance | undefined)[], index: number): CompiledChain {
    const key = `${index}:${idsOf(instances)}`
    let compiled = this.#byFilters.get(key)
    if (compiled === undefined) {
      const terminal = instances.findIndex((instance) => instance?.factory.terminal === true)
      const before = { index, steps: this.base.steps }
      compiled = new CompiledChain(this.#steps(instances), terminal, this.parts.routes, before)
      this.#byFilters.set(key, compiled)
    }
    return compiled
  }

  #steps(instances: readonly (Instance | undefined)[]): (Step | undefined)[] {
    const { limits } = this.parts
    return instances.map(
      (instance, i) =>
        instance && {
          name: instance.name,
          filter: instance.filter,
          limitMs: limits[i],
          prompt: instance.factory.prompt,
        },
    )
  }

  get leases(): number {
    return this.#leases
  }

  /** A request begins. */
  lease(): void {
    this.#leases++
  }

  /** A request that leased the chain is over. */
  unlease(): void {
    if (--this.#leases === 0 && this.#holders === 0) void this.retire()
  }

  hold(): void {
    this.#holders++
  }

  /** A snapshot no longer uses the chain. */
  async release(): Promise<void> {
    if (--this.#holders === 0 && this.#leases === 0) await this.retire()
  }

  /** Releases the instances at once; later calls do nothing. At the drain deadline, chains that are still leased retire too. */
  async retire(): Promise<void> {
    if (this.#retired) return
    this.#retired = true
    await Promise.all([...this.instances].map((instance) => instance.release()))
  }
}

/** Text that is equal for equal lists of instances. */
export const idsOf = (instances: EndpointFilters): string =>
  instances.map((instance) => (instance === 'chain' ? '=' : (instance?.id ?? ''))).join()
