import type { Chain } from '../chain/chain.ts'
import type { Runtime } from '../chain/runtime.ts'
import { type ClientHeaderRules, ClientHeaders } from './client-headers.ts'
import type { DownstreamLimits } from './downstream-limits.ts'
import type { Overload } from './overload.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import { OpenTunnels } from './tunnel/open-tunnels.ts'

/** Settings of a listener that can change while it runs. */
export interface ListenerSettings {
  /** The chain that requests lease from now on. */
  readonly chain: Chain
  /** Proxies whose forwarding headers count, from the next request on. */
  readonly trusted: TrustedProxies
  /** What is cleaned of the fields of the next request on. */
  readonly clientHeaders: ClientHeaderRules
  /** For connections that open from now on, and for the next request of every open one. */
  readonly limits: DownstreamLimits
}

/** What all requests of a listener share. */
export class ListenerState {
  #settings: ListenerSettings
  #cleaning: ClientHeaders
  /** Set once the listener stops: every response then says `Connection: close`. */
  draining = false
  readonly runtime: Runtime
  /** Undefined: requests of this listener are never shed. */
  readonly overload: Overload | undefined
  readonly tunnels = new OpenTunnels()
  #inFlight = 0
  #idle: (() => void) | undefined

  constructor(settings: ListenerSettings, runtime: Runtime, overload: Overload | undefined) {
    this.#settings = settings
    this.#cleaning = cleaningOf(settings)
    this.runtime = runtime
    this.overload = overload
  }

  get settings(): ListenerSettings {
    return this.#settings
  }

  /** Cleans the fields of requests, as the settings and the filters of the chain have it. */
  get cleaning(): ClientHeaders {
    return this.#cleaning
  }

  /** Applies settings; those that are left out stay as they are. */
  configure(settings: Partial<ListenerSettings>): void {
    this.#settings = { ...this.#settings, ...settings }
    this.#cleaning = cleaningOf(this.#settings)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  requestBegan(): void {
    this.#inFlight++
  }

  requestEnded(): void {
    if (--this.#inFlight === 0) this.#idle?.()
  }

  /** Resolves when no request is in flight. */
  async idle(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }
}

const cleaningOf = ({ clientHeaders, chain }: ListenerSettings): ClientHeaders =>
  new ClientHeaders(clientHeaders, chain.sets)
