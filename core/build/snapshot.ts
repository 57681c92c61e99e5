import { isDeepStrictEqual } from 'node:util'
import type { FileDigests } from '../base/file-digests.ts'
import { TimeSlice } from '../base/time-slice.ts'
import { Chain, type EndpointFilters, idsOf } from '../chain/chain.ts'
import { Instance } from '../chain/instance.ts'
import { BuildError, type Problem } from '../control/config-error.ts'
import type { EndpointSpec, GatewaySpec, ListenerSpec } from '../control/gateway-spec.ts'
import { AdviceCheck } from './advice-check.ts'
import type { Catalog } from './catalog.ts'
import { checkEndpointChain } from './endpoint-check.ts'
import { type BuildContext, Instances } from './instances.ts'
import { type Factories, laneOfChain, laneOfEndpoint, optionsOf } from './lane.ts'
import { LaneCheck } from './lane-check.ts'
import { checkGivenOptions, checkOptions } from './option-check.ts'
import { checkOrder } from './order-check.ts'

/** One immutable, compiled configuration. */
export interface Snapshot {
  readonly spec: GatewaySpec
  /** By listener name. */
  readonly chains: ReadonlyMap<string, Chain>
  readonly warnings: readonly Problem[]
  /** Files that its instances read. */
  readonly files: FileDigests
}

/** What was built, before it is live. */
export interface Built {
  readonly warnings: readonly Problem[]
  /** Files that its instances read. */
  readonly files: FileDigests
  /** What was in those that were read now: others belong to instances of the previous snapshot. */
  readonly read: ReadonlyMap<string, Uint8Array>
}

/** Called when everything is created; if it rejects, nothing of it is used. */
export type Commit = (built: Built) => Promise<void>

/**
 * Compiles a spec, all or nothing. Resolves to a snapshot whose chains are held once. Rejects with a BuildError that has every
 * problem, and disposes what it created. Instances and chains of the previous snapshot are used again where they are equal.
 * Requests are served meanwhile: it never blocks the event loop for long.
 * @param commit called when everything is created; if it rejects, the build fails with that error
 */
export async function buildSnapshot(
  spec: GatewaySpec,
  context: BuildContext,
  previous?: Snapshot,
  commit?: Commit,
): Promise<Snapshot> {
  return new Builder(spec, context, previous).build(commit)
}

class Builder {
  readonly #spec: GatewaySpec
  readonly #context: BuildContext
  readonly #previous: Snapshot | undefined
  readonly #problems: Problem[] = []
  readonly #warnings: Problem[] = []
  readonly #instances: Instances
  readonly #slice = new TimeSlice()

  constructor(spec: GatewaySpec, context: BuildContext, previous: Snapshot | undefined) {
    this.#spec = spec
    this.#context = context
    this.#previous = previous
    this.#instances = new Instances(context, spec.endpoints, instancesOf(previous?.chains))
  }

  async build(commit?: Commit): Promise<Snapshot> {
    const chains = new Map<string, Chain>()
    for (const listener of this.#spec.listeners) {
      const chain = await this.#chain(listener)
      if (chain !== undefined) chains.set(listener.name, chain)
    }
    const problems = this.#found()
    const files = new Map<string, string>()
    for (const instance of instancesOf(chains)) for (const [path, digest] of instance.files) files.set(path, digest)
    const { read } = this.#instances
    const warnings = [...this.#instances.warnings, ...this.#warnings]
    try {
      if (problems.length > 0) throw new BuildError(problems, [...this.#instances.tried])
      await commit?.({ warnings, files, read })
    } catch (error) {
      for (const [name, chain] of chains) if (this.#previous?.chains.get(name) !== chain) await chain.retire()
      await this.#instances.release()
      throw error
    }
    this.#instances.commit()
    for (const chain of chains.values()) chain.hold()
    await this.#instances.release()
    return { spec: this.#spec, chains, warnings, files }
  }

  #found(): readonly Problem[] {
    return distinct([...this.#problems, ...this.#instances.problems])
  }

  async #chain(listener: ListenerSpec): Promise<Chain | undefined> {
    const factories = listener.chain.map((filter) => this.#context.catalog.get(filter.factory))
    const endpoints = listener.routes ? this.#spec.endpoints : []
    const wrong = await checkListener(listener, endpoints, this.#context.catalog, this.#slice, false)
    this.#problems.push(...wrong)
    if (wrong.length > 0) return undefined
    const before = this.#found().length
    const base = await Promise.all(
      listener.chain.map((f, i) =>
        factories[i]!.perEndpoint || f.off !== undefined
          ? undefined
          : this.#instances.get(f, f, factories[i]!, undefined),
      ),
    )
    const lane = laneOfChain(listener, factories)
    const terminal = lane.terminals[0] ?? -1
    const lanes = new LaneCheck(listener, factories, lane, base)
    lanes.check(base, undefined)
    const advice = new AdviceCheck(listener, factories)
    advice.check((i) => lane.on[i]!)
    const instances = new Set(base.filter((i) => i !== undefined))
    const own = new Map<string, { spec: EndpointSpec; filters: EndpointFilters }>()
    const live = this.#liveEndpoints(listener)
    for (const spec of endpoints) {
      if (this.#slice.isOver) await this.#slice.yield()
      const known = live?.get(spec.endpoint.id)
      const same =
        known?.spec === spec && known.filters.every((f) => !(f instanceof Instance) || this.#instances.isLive(f))
      const filters = same ? known.filters : await this.#filters(spec, listener, factories)
      for (const filter of filters) if (filter instanceof Instance) instances.add(filter)
      lanes.check(filters, spec)
      advice.check((i) => filters[i] !== undefined)
      own.set(spec.endpoint.id, { spec, filters })
    }
    this.#problems.push(...lanes.problems)
    this.#warnings.push(...lanes.warnings, ...advice.warnings)
    if (this.#found().length > before) return undefined
    const { name, requires, routes } = listener
    const limits = listener.chain.map(({ hookTimeoutMs }) => hookTimeoutMs)
    const key = [
      name,
      ...requires,
      limits.join(),
      idsOf(base),
      ...Array.from(own, ([id, { filters }]) => `${id} ${idsOf(filters)}`),
    ].join('\n')
    const same = this.#previous?.chains.get(name)
    if (same?.key === key) return same
    return new Chain(key, { listener: name, requires, terminal, routes, limits, base, endpoints: own }, instances)
  }

  /** Endpoints of the live chain, if what a chain gives its endpoints is as it was. */
  #liveEndpoints({ name, chain }: ListenerSpec): Chain['parts']['endpoints'] | undefined {
    const before = this.#previous?.spec.listeners.find((listener) => listener.name === name)
    return isDeepStrictEqual(before?.chain, chain) ? this.#previous?.chains.get(name)?.parts.endpoints : undefined
  }

  async #filters(spec: EndpointSpec, listener: ListenerSpec, factories: Factories): Promise<EndpointFilters> {
    const options = optionsOf(spec, listener, factories)
    return Promise.all(
      listener.chain.map((f, i) => {
        const own = options[i]
        if (own === undefined) return undefined
        const factory = factories[i]!
        if (own === f && factory.perEndpoint !== true) return 'chain'
        return this.#instances.get(f, own, factory, factory.perEndpoint ? spec.endpoint : undefined)
      }),
    )
  }
}

/** Problems of a spec, complete or not, that can be found without creating a filter. */
export async function checkSpec({ listeners, endpoints }: GatewaySpec, catalog: Catalog): Promise<Problem[]> {
  const slice = new TimeSlice()
  const problems: Problem[] = []
  for (const listener of listeners)
    problems.push(...(await checkListener(listener, listener.routes ? endpoints : [], catalog, slice, true)))
  return problems
}

/** @param thorough checks the options of endpoints even if there is no other problem; a build does so when it creates instances */
async function checkListener(
  listener: ListenerSpec,
  endpoints: readonly EndpointSpec[],
  catalog: Catalog,
  slice: TimeSlice,
  thorough: boolean,
): Promise<Problem[]> {
  const factories = listener.chain.map((filter) => catalog.get(filter.factory))
  const lane = laneOfChain(listener, factories)
  const replaced = endpoints.some((spec) => laneOfEndpoint(spec, listener, factories).terminals.length > 0)
  const problems = checkOrder(listener, factories, lane, replaced, catalog)
  listener.chain.forEach((filter, i) => {
    const factory = factories[i]
    if (factory === undefined) return
    problems.push(
      ...(filter.off === undefined
        ? (checkOptions(factory, filter).problems ?? [])
        : checkGivenOptions(factory, filter)),
    )
  })
  for (const endpoint of endpoints) {
    if (slice.isOver) await slice.yield()
    problems.push(...checkEndpointChain(endpoint, listener, factories, lane, catalog))
  }
  if (problems.length === 0 && !thorough) return problems
  for (const endpoint of endpoints) {
    if (slice.isOver) await slice.yield()
    optionsOf(endpoint, listener, factories).forEach((own, i) => {
      const factory = factories[i]
      if (own === undefined || factory === undefined || own === listener.chain[i]) return
      problems.push(...(checkOptions(factory, own).problems ?? []))
    })
  }
  return distinct(problems)
}

/** Each problem once: endpoints merge their options with those of groups and the chain, and repeat the problems of those. */
function distinct(problems: readonly Problem[]): Problem[] {
  const found = new Map<string, Problem>()
  for (const problem of problems) {
    const key = JSON.stringify({ ...problem, usedAt: undefined })
    if (!found.has(key)) found.set(key, problem)
  }
  return [...found.values()]
}

function* instancesOf(chains: ReadonlyMap<string, Chain> | undefined): Iterable<Instance> {
  for (const chain of chains?.values() ?? []) yield* chain.instances
}
