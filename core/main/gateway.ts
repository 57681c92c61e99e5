import type { AddressInfo } from 'node:net'
import type { Meter } from '../api/meter.ts'
import type { ServiceKey } from '../api/service.ts'
import { startTimer } from '../base/timer.ts'
import type { Catalog } from '../build/catalog.ts'
import { buildSnapshot, type Commit, type Snapshot } from '../build/snapshot.ts'
import type { Runtime } from '../chain/runtime.ts'
import { ConfigError, type Problem } from '../control/config-error.ts'
import type { GatewaySpec, ListenerSpec } from '../control/gateway-spec.ts'
import { type ClientHeaderRules, DEFAULT_CLIENT_HEADERS } from '../http/client-headers.ts'
import { DEFAULT_LIMITS, type DownstreamLimits } from '../http/downstream-limits.ts'
import { Listener } from '../http/listener.ts'
import { Overload } from '../http/overload.ts'
import { TrustedProxies } from '../http/trusted-proxies.ts'
import { EndpointRegistry, EndpointRegistryKey } from '../state/registry.ts'
import type { SharedLimits } from '../state/shared-limits.ts'
import { SharedState } from '../state/shared-state.ts'
import { StartConditions, StartConditionsKey } from '../state/start-conditions.ts'

export interface GatewayParts {
  readonly runtime: Runtime
  readonly catalog: Catalog
  readonly services?: ReadonlyMap<ServiceKey<unknown>, unknown>
  readonly baseDir: string
  /** Ranges of proxies whose forwarding headers count. */
  readonly trustedProxies?: readonly string[]
  /** Whether the host that those forward decides about the route. */
  readonly trustForwardedHost?: boolean
  /** What is cleaned of the fields of requests. */
  readonly clientHeaders?: ClientHeaderRules
  /** Timeouts and limits for clients. */
  readonly limits?: DownstreamLimits
  /** Divides limits between processes. Undefined: this process has all of them. */
  readonly shared?: SharedLimits | undefined
  /** How long a replaced configuration may keep its instances for requests that still lease it; milliseconds. */
  readonly drainMs?: number
}

/** How a configuration is loaded. */
export interface LoadOptions {
  /** The filters from now on; default: those of before. */
  readonly catalog?: Catalog
  /** Called when everything is created, before the configuration becomes live; if it rejects, nothing is changed. */
  readonly commit?: Commit | undefined
  /** What files hold that filters read, by absolute path, whatever may be in them now. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

/** The data plane: listeners, and the live snapshot that their requests lease chains from. */
export class Gateway {
  readonly shared = new SharedState()
  readonly registry: EndpointRegistry
  readonly startConditions: StartConditions
  /** Sheds requests of listeners that lead to endpoints. It has no limits until `limit` is called. */
  readonly overload: Overload
  readonly #parts: GatewayParts
  #catalog: Catalog
  readonly #listeners = new Map<string, Listener>()
  #live: Snapshot | undefined
  #trusted: TrustedProxies
  #clientHeaders: ClientHeaderRules
  #limits: DownstreamLimits
  #loading: Promise<unknown> = Promise.resolve()

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.registry = new EndpointRegistry(parts.runtime.clock, parts.runtime.logger)
    this.startConditions = new StartConditions(parts.runtime.clock)
    this.overload = new Overload(parts.runtime.clock, parts.runtime.meter, parts.shared)
    this.#catalog = parts.catalog
    this.#trusted = new TrustedProxies(parts.trustedProxies ?? [], parts.trustForwardedHost)
    this.#clientHeaders = parts.clientHeaders ?? DEFAULT_CLIENT_HEADERS
    this.#limits = parts.limits ?? DEFAULT_LIMITS
    meterListeners(parts.runtime.meter, () => this.#listeners.values())
  }

  get live(): Snapshot | undefined {
    return this.#live
  }

  /** The filters that the live configuration may use. */
  get catalog(): Catalog {
    return this.#catalog
  }

  get clientHeaders(): ClientHeaderRules {
    return this.#clientHeaders
  }

  /**
   * Makes `spec` the live configuration, all or nothing: if anything is wrong, it rejects with a ConfigError and changes nothing.
   * Loads run one after another. Resolves to the warnings.
   */
  load(spec: GatewaySpec, options: LoadOptions = {}): Promise<readonly Problem[]> {
    const load = this.#loading.then(() => this.#load(spec, options))
    this.#loading = load.catch(() => {})
    return load
  }

  async #load(spec: GatewaySpec, { catalog = this.#catalog, commit, files }: LoadOptions): Promise<readonly Problem[]> {
    const old = this.#live
    if (old !== undefined) refuseRestart(old.spec, spec)
    const { runtime, baseDir } = this.#parts
    const services = new Map(this.#parts.services)
      .set(EndpointRegistryKey, this.registry)
      .set(StartConditionsKey, this.startConditions)
    const context = { runtime, catalog, shared: this.shared, services, baseDir, ...(files && { files }) }
    const next = await buildSnapshot(spec, context, old, commit).catch((error: unknown) => {
      // The filters of the failed load may have created states in the registry.
      this.#sync(old)
      throw error
    })
    this.#sync(next)
    this.#live = next
    this.#catalog = catalog
    for (const [name, chain] of next.chains) this.#listeners.get(name)?.configure({ chain })
    if (old !== undefined) void this.#retire(old)
    return next.warnings
  }

  #sync(snapshot: Snapshot | undefined): void {
    this.registry.sync(snapshot?.spec.endpoints.map(({ endpoint }) => endpoint) ?? [])
  }

  /**
   * Opens every listener. If one can't be opened, it rejects and leaves none open.
   * @param sockets descriptors of sockets that another process has bound, by listener name
   */
  async open(sockets: ReadonlyMap<string, number> = new Map()): Promise<void> {
    const trusted = this.#trusted
    const limits = this.#limits
    const clientHeaders = this.#clientHeaders
    const live = this.#live
    if (live === undefined) throw new Error('open() before load()')
    try {
      for (const { name, host, port, routes } of live.spec.listeners) {
        const overload = routes ? this.overload : undefined
        const chain = live.chains.get(name)!
        const settings = { chain, trusted, clientHeaders, limits }
        const listener = new Listener(
          { name, host, port, fd: sockets.get(name), overload, shared: this.#parts.shared },
          this.#parts.runtime,
          settings,
        )
        await listener.open()
        this.#listeners.set(name, listener)
      }
    } catch (error) {
      for (const listener of this.#listeners.values()) listener.destroy()
      await Promise.all([...this.#listeners.values()].map((listener) => listener.close()))
      this.#listeners.clear()
      throw error
    }
  }

  /**
   * Sets the ranges of proxies whose forwarding headers count, from the next request on.
   * @param routeByHost whether the host that they forward decides about the route
   */
  trust(ranges: readonly string[], routeByHost = false): void {
    this.#trusted = new TrustedProxies(ranges, routeByHost)
    for (const listener of this.#listeners.values()) listener.configure({ trusted: this.#trusted })
  }

  /** Sets what is cleaned of the fields of requests, from the next request on. */
  clean(clientHeaders: ClientHeaderRules): void {
    this.#clientHeaders = clientHeaders
    for (const listener of this.#listeners.values()) listener.configure({ clientHeaders })
  }

  /** Sets the timeouts and limits for clients from now on. */
  limit(limits: DownstreamLimits): void {
    this.#limits = limits
    for (const listener of this.#listeners.values()) listener.configure({ limits })
  }

  /** The address of a listener that is open. */
  address(name: string): AddressInfo | undefined {
    return this.#listeners.get(name)?.address
  }

  /** From now on every response says `Connection: close`. */
  drain(): void {
    for (const listener of this.#listeners.values()) listener.drain()
  }

  /**
   * Stops accepting connections, waits for requests in flight, disposes everything.
   * @param timeoutMs after this time, connections that are still open are cut
   * @returns false if some had to be cut
   */
  async close(timeoutMs: number): Promise<boolean> {
    const listeners = [...this.#listeners.values()]
    let clean = true
    const cut = startTimer(timeoutMs, () => {
      clean = false
      for (const listener of listeners) listener.destroy()
    })
    await Promise.all(listeners.map((listener) => listener.close()))
    cut.cancel()
    this.#listeners.clear()
    const live = this.#live
    this.#live = undefined
    if (live !== undefined) await Promise.all([...live.chains.values()].map((chain) => chain.release()))
    return clean
  }

  /** Retires what the live snapshot does not use. Requests on a replaced chain finish, but at the deadline its instances are disposed. */
  async #retire(old: Snapshot): Promise<void> {
    const live = new Set(this.#live?.chains.values())
    const { timers } = this.#parts.runtime
    for (const chain of old.chains.values())
      if (chain.leases > 0 && !live.has(chain)) timers.after(this.#parts.drainMs ?? 60_000, () => void chain.retire())
    await Promise.all([...old.chains.values()].map((chain) => chain.release()))
  }
}

/** Gauges of every listener, read for each scrape. */
function meterListeners(meter: Meter, listeners: () => Iterable<Listener>): void {
  const gauge = (name: string, help: string, read: (listener: Listener) => number): void => {
    const collect = () =>
      Array.from(listeners(), (listener) => ({ labels: { listener: listener.name }, value: read(listener) }))
    meter.register({ name, help, type: 'gauge', collect })
  }
  gauge(
    'weir_downstream_connections',
    'Open connections of clients, tunnels included.',
    ({ connections }) => connections,
  )
  gauge('http_server_active_requests', 'Requests in flight, tunnels included.', ({ inFlight }) => inFlight)
}

/** Addresses of listeners are bound once: refuses a configuration that changes one. */
function refuseRestart(old: GatewaySpec, next: GatewaySpec): void {
  const address = (spec: GatewaySpec): string =>
    JSON.stringify(spec.listeners.map(({ name, host, port }) => [name, host, port]))
  if (address(old) === address(next)) return
  const without = (some: GatewaySpec, others: GatewaySpec): ListenerSpec | undefined =>
    some.listeners.find(
      (a) => !others.listeners.some((b) => a.name === b.name && a.host === b.host && a.port === b.port),
    )
  const changed = without(next, old) ?? without(old, next)
  throw new ConfigError([
    {
      path: changed?.at ?? [],
      message: 'the address of a listener can only change with a restart; nothing of this configuration was applied',
    },
  ])
}
