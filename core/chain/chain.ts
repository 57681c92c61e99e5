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
  /** Position of the terminal filter. */
  readonly terminal: number
  readonly routes: boolean
  /** Time limits of hooks, by position; milliseconds. */
  readonly limits: readonly (number | undefined)[]
  /** The filters before the route is known; undefined where every endpoint has an instance of its own. */
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
  readonly #compiled = new Map<string, CompiledChain>()
  /** Endpoints with equal filters share a compiled chain. */
  readonly #byFilters = new Map<string, CompiledChain>()
  /** Number of snapshots, built or live, that use it. */
  #holders = 0
  #leases = 0
  #retired = false

  constructor(key: string, parts: ChainParts, instances: ReadonlySet<Instance>) {
    this.key = key
    this.parts = parts
    this.base = this.#compile(parts.base)
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

  /** The compiled chain of an endpoint. Compiled on first use: of thousands of endpoints most are rarely called. */
  compiledFor(endpoint: string): CompiledChain | undefined {
    let compiled = this.#compiled.get(endpoint)
    if (compiled === undefined) {
      const filters = this.parts.endpoints.get(endpoint)?.filters
      if (filters === undefined) return undefined
      compiled = this.#compile(filters.map((filter, i) => (filter === 'chain' ? this.parts.base[i] : filter)))
      this.#compiled.set(endpoint, compiled)
    }
    return compiled
  }

  #compile(instances: readonly (Instance | undefined)[]): CompiledChain {
    const key = idsOf(instances)
    let compiled = this.#byFilters.get(key)
    if (compiled === undefined) {
      const { terminal, routes, limits } = this.parts
      const steps = instances.map(
        (instance, i): Step | undefined =>
          instance && { name: instance.name, filter: instance.filter, limitMs: limits[i] },
      )
      compiled = new CompiledChain(steps, terminal, routes)
      this.#byFilters.set(key, compiled)
    }
    return compiled
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
