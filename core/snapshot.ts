import type { Catalog } from './catalog.ts'
import { Chain, Instance } from './chain.ts'
import { checkLane, checkOrder, checkPlacement } from './checks.ts'
import type { Endpoint } from './endpoint.ts'
import type { Engine } from './engine.ts'
import type { FilterEnv, FilterFactory } from './filter.ts'
import { Lane, type Step } from './lane.ts'
import { checkOptions } from './options.ts'
import { EndpointsKey, type ServiceKey } from './service.ts'
import type { SharedState, ShareSpec, ShareTransaction } from './shared.ts'
import {
  ConfigError,
  type EndpointSpec,
  type FilterSpec,
  type GatewaySpec,
  type ListenerSpec,
  type OptionsSpec,
  type Problem,
} from './spec.ts'

/** One immutable, compiled configuration. */
export interface Snapshot {
  readonly spec: GatewaySpec
  /** By listener name. */
  readonly chains: ReadonlyMap<string, Chain>
  readonly warnings: readonly Problem[]
}

/** What building needs beside the spec. */
export interface BuildContext {
  readonly engine: Engine
  readonly catalog: Catalog
  readonly shared: SharedState
  readonly services: ReadonlyMap<ServiceKey<unknown>, unknown>
  readonly baseDir: string
}

/** How long `create` of one filter may take. */
const CREATE_TIMEOUT_MS = 10_000

/**
 * Compiles a spec. All or nothing: throws a ConfigError with every problem found and disposes of what it made, or returns
 * a snapshot whose chains are held once. Instances and chains that the previous snapshot has already are used again.
 */
export async function buildSnapshot(spec: GatewaySpec, context: BuildContext, previous?: Snapshot): Promise<Snapshot> {
  return new Builder(spec, context, previous).build()
}

class Builder {
  readonly #spec: GatewaySpec
  readonly #context: BuildContext
  readonly #previous: Snapshot | undefined
  readonly #problems: Problem[] = []
  readonly #warnings: Problem[] = []
  readonly #instances = new Map<string, Promise<Instance | undefined>>()
  readonly #made: Instance[] = []
  readonly #lanes = new Map<string, Lane>()
  readonly #tx: ShareTransaction
  readonly #endpoints: readonly Endpoint[]
  readonly #endpointsKey: string

  constructor(spec: GatewaySpec, context: BuildContext, previous: Snapshot | undefined) {
    this.#spec = spec
    this.#context = context
    this.#previous = previous
    this.#tx = context.shared.begin()
    this.#endpoints = spec.endpoints.map((e) => e.endpoint)
    this.#endpointsKey = JSON.stringify(this.#endpoints)
  }

  async build(): Promise<Snapshot> {
    // Instances are held once here, so that a failed build can let go of all of them, new and old.
    for (const chain of this.#previous?.chains.values() ?? []) {
      for (const instance of chain.instances) this.#instances.set(instance.key, Promise.resolve(instance))
    }
    const chains = new Map<string, Chain>()
    for (const listener of this.#spec.listeners) {
      const chain = await this.#chain(listener)
      if (chain !== undefined) chains.set(listener.name, chain)
    }
    if (this.#problems.length > 0) {
      for (const [name, chain] of chains) if (this.#previous?.chains.get(name) !== chain) await chain.retire()
      await Promise.all(this.#made.map((instance) => instance.release()))
      throw new ConfigError(this.#problems)
    }
    this.#tx.commit()
    for (const chain of chains.values()) chain.hold()
    await Promise.all(this.#made.map((instance) => instance.release()))
    return { spec: this.#spec, chains, warnings: this.#warnings }
  }

  async #chain(listener: ListenerSpec): Promise<Chain | undefined> {
    const factories = listener.chain.map((filter) => this.#context.catalog.get(filter.factory))
    const before = this.#problems.length
    this.#problems.push(...checkOrder(listener, factories, this.#context.catalog))
    const merged = listener.routes
      ? this.#spec.endpoints.map((endpoint) => ({ endpoint, options: optionsOf(endpoint, listener) }))
      : []
    this.#validate(listener, factories)
    for (const { endpoint } of merged)
      this.#problems.push(...checkLane(endpoint, listener, factories, this.#context.catalog))
    if (this.#problems.length > before) {
      for (const { options } of merged) this.#validateEndpoint(listener, factories, options)
      return undefined
    }
    const terminal = factories.findIndex((factory) => factory?.terminal === true)
    const base = await Promise.all(
      listener.chain.map((f, i) =>
        factories[i]!.perEndpoint ? undefined : this.#instance(f, f, factories[i]!, undefined),
      ),
    )
    const instances = new Set(base.filter((i) => i !== undefined))
    const lanes = new Map<string, Lane>()
    let lanesKey = ''
    for (const { endpoint, options } of merged) {
      const steps = await Promise.all(
        listener.chain.map((f, i) => {
          const own = options[i]
          if (own === undefined) return undefined
          const factory = factories[i]!
          if (own === f && factory.perEndpoint !== true) return base[i]
          return this.#instance(f, own, factory, factory.perEndpoint ? endpoint.endpoint : undefined)
        }),
      )
      for (const step of steps) if (step !== undefined) instances.add(step)
      const { lane, key } = this.#lane(steps, terminal, true)
      lanes.set(endpoint.endpoint.id, lane)
      lanesKey += `${endpoint.endpoint.id}\n${key}\n`
    }
    for (const instance of instances) this.#problems.push(...checkPlacement(instance, listener, terminal))
    if (this.#problems.length > before) return undefined
    const { lane, key } = this.#lane(base, terminal, listener.routes)
    const chainKey = JSON.stringify([listener.name, listener.requires, key, lanesKey])
    const same = this.#previous?.chains.get(listener.name)
    return same?.key === chainKey ? same : new Chain(chainKey, listener.name, lane, lanes, listener.requires, instances)
  }

  #validate(listener: ListenerSpec, factories: readonly (FilterFactory | undefined)[]): void {
    listener.chain.forEach((filter, i) => {
      const factory = factories[i]
      if (factory !== undefined) this.#problems.push(...(checkOptions(factory, filter).problems ?? []))
    })
  }

  #validateEndpoint(
    listener: ListenerSpec,
    factories: readonly (FilterFactory | undefined)[],
    options: readonly (OptionsSpec | undefined)[],
  ): void {
    options.forEach((own, i) => {
      const factory = factories[i]
      if (own === undefined || factory === undefined || own === listener.chain[i]) return
      this.#problems.push(...(checkOptions(factory, own).problems ?? []))
    })
  }

  /** Equal lists of instances are one lane. */
  #lane(instances: readonly (Instance | undefined)[], terminal: number, routes: boolean): { lane: Lane; key: string } {
    const key = instances.map((instance) => instance?.key ?? '').join('\u0001')
    let lane = this.#lanes.get(key + routes)
    if (lane === undefined) {
      const steps = instances.map(
        (instance): Step | undefined => instance && { name: instance.name, filter: instance.filter },
      )
      lane = new Lane(steps, terminal, routes)
      this.#lanes.set(key + routes, lane)
    }
    return { lane, key }
  }

  /** The instance for these options: one that exists, or a new one. Undefined if it could not be made. */
  #instance(
    spec: FilterSpec,
    own: OptionsSpec,
    factory: FilterFactory,
    endpoint: Endpoint | undefined,
  ): Promise<Instance | undefined> {
    const routed = factory.needs?.includes(EndpointsKey) ? this.#endpointsKey : ''
    const key = JSON.stringify([factory.name, spec.name, canonical(own.options), endpoint ?? '', routed])
    let instance = this.#instances.get(key)
    if (instance === undefined) {
      instance = this.#make(key, spec, own, factory, endpoint)
      this.#instances.set(key, instance)
    }
    return instance
  }

  async #make(
    key: string,
    spec: FilterSpec,
    own: OptionsSpec,
    factory: FilterFactory,
    endpoint: Endpoint | undefined,
  ): Promise<Instance | undefined> {
    const checked = checkOptions(factory, own)
    if (checked.problems !== undefined) {
      this.#problems.push(...checked.problems)
      return undefined
    }
    const { engine } = this.#context
    const controller = new AbortController()
    const releases: (() => void)[] = []
    const free = (): void => {
      controller.abort()
      for (const release of releases.splice(0)) release()
    }
    const env: FilterEnv = {
      name: spec.name,
      endpoint,
      baseDir: this.#context.baseDir,
      warn: (message) => void this.#warnings.push({ path: own.at, message: `${spec.name}: ${message}` }),
      log: engine.logger.child({ filter: spec.name }),
      meter: engine.meter,
      clock: engine.clock,
      timers: engine.timers,
      signal: controller.signal,
      service: <T>(service: ServiceKey<T>) => this.#service(service, factory),
      share: <T>(name: string, share: ShareSpec<T>) => {
        const { value, release } = this.#tx.acquire(shareKey(factory, spec, endpoint, name, share), share)
        releases.push(release)
        return value
      },
    }
    try {
      const filter = await within(CREATE_TIMEOUT_MS, factory.create(checked.value, env))
      if (typeof filter !== 'object' || filter === null) throw new Error('create() returned no filter')
      const instance = new Instance(key, spec.name, factory, filter, async () => {
        try {
          await filter.dispose?.()
        } catch (error) {
          engine.filterError(undefined, spec.name, 'dispose', error)
        }
        free()
      })
      instance.hold()
      this.#made.push(instance)
      return instance
    } catch (error) {
      free()
      this.#problems.push({ path: own.at, message: `the filter "${spec.name}" could not be made: ${messageOf(error)}` })
      return undefined
    }
  }

  #service<T>(key: ServiceKey<T>, factory: FilterFactory): T {
    if (factory.needs?.includes(key) !== true)
      throw new Error(`service "${key.name}" is not named in the factory's needs`)
    if ((key as ServiceKey<unknown>) === EndpointsKey) return this.#endpoints as T
    const service = this.#context.services.get(key)
    if (service === undefined) throw new Error(`there is no service "${key.name}" here`)
    return service as T
  }
}

/** An endpoint's options by position: the chain's own where it says nothing, undefined where it is off. */
function optionsOf(endpoint: EndpointSpec, listener: ListenerSpec): (OptionsSpec | undefined)[] {
  return listener.chain.map((filter) => {
    const own = Object.hasOwn(endpoint.filters, filter.name) ? endpoint.filters[filter.name] : undefined
    if (own === undefined) return filter
    if (own === 'off') return undefined
    return {
      options: { ...filter.options, ...own.options },
      at: own.at,
      // Problems of options that the endpoint did not write belong to the chain's place.
      origins: {
        ...Object.fromEntries(Object.keys(filter.options).map((key) => [key, [...filter.at, key]])),
        ...filter.origins,
        ...Object.fromEntries(Object.keys(own.options).map((key) => [key, [...own.at, key]])),
        ...own.origins,
      },
    }
  })
}

function shareKey(
  factory: FilterFactory,
  spec: FilterSpec,
  endpoint: Endpoint | undefined,
  name: string,
  share: ShareSpec<unknown>,
): string {
  const scope = share.scope ?? 'endpoint'
  return JSON.stringify([
    factory.name,
    scope === 'factory' ? '' : spec.name,
    scope === 'endpoint' ? (endpoint?.id ?? '') : '',
    name,
  ])
}

/** JSON with sorted keys, so that equal options are equal strings. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : v,
  )
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function within<T>(ms: number, work: T | PromiseLike<T>): Promise<T> {
  if (!(typeof work === 'object' && work !== null && 'then' in work)) return work
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`create() took longer than ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
