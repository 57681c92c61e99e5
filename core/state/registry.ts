import type { Endpoint } from '../api/endpoint.ts'
import type { Logger } from '../api/logger.ts'
import { defineService, type ServiceKey } from '../api/service.ts'
import type { Clock } from '../base/clock.ts'
import { EndpointState } from './endpoint-state.ts'
import type { BreakerPhase, TargetHealth } from './endpoint-status.ts'
import type { ProbeSlots } from './probe-slots.ts'
import type { RegistryEvent, RegistryEventBase } from './registry-event.ts'
import type { SharedPermits } from './shared-permits.ts'
import type { TargetState } from './target-state.ts'

/** An event without what the registry adds. */
type BareEvent<E = RegistryEvent> = E extends unknown ? Omit<E, keyof RegistryEventBase> : never

/**
 * Run-time state of every endpoint and target, as health checks, live traffic and breakers found it. It outlives reloads, as
 * long as the endpoint, or the target's URL, stays configured. Filters get it by `EndpointRegistryKey`.
 *
 * Filters and health checks report what they find by the methods here. Others read the plain fields, or subscribe to events.
 * Everything is synchronous.
 *
 * ```ts
 * const registry = env.service(EndpointRegistryKey)
 * for (const target of registry.of(env.endpoint).targets)
 *   if (tooManyFailures(target)) registry.eject(target, '5 failures in a row')
 * ```
 */
export class EndpointRegistry {
  /** @internal For breakers. Undefined where one process does everything. */
  probeSlots: ProbeSlots | undefined
  /** @internal For limits of concurrency. Undefined where one process does everything. */
  sharedPermits: SharedPermits | undefined
  readonly #clock: Clock
  readonly #log: Logger
  readonly #states = new Map<string, EndpointState>()
  /** Endpoints of the live configuration. */
  #live: ReadonlySet<string> = new Set()
  readonly #subscribers = new Set<(event: RegistryEvent) => void>()

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  /** The state of an endpoint and of each of its targets, created on first use. For `create`: the endpoint may not be live yet. */
  of(endpoint: Endpoint): EndpointState {
    let state = this.#states.get(endpoint.id)
    if (state === undefined) {
      // Perhaps for a load that fails: `sync` removes it then.
      state = new EndpointState(endpoint, this.#clock.wall())
      this.#states.set(endpoint.id, state)
    }
    for (const target of endpoint.targets) state.target(target, this.#clock.wall())
    return state
  }

  /** The states of all live endpoints, in the order of the configuration. */
  *all(): Iterable<EndpointState> {
    for (const id of this.#live) {
      const state = this.#states.get(id)
      // A subscriber may be called, for another endpoint, before the state of a new one exists.
      if (state !== undefined) yield state
    }
  }

  /** The state of a live endpoint; undefined if none has this id. */
  get(id: string): EndpointState | undefined {
    return this.#live.has(id) ? this.#states.get(id) : undefined
  }

  /** @internal These endpoints are configured from now on, and no others. */
  sync(endpoints: readonly Endpoint[]): void {
    const before = this.#live
    const live = new Set(endpoints.map(({ id }) => id))
    this.#live = live
    for (const id of this.#states.keys()) {
      if (live.has(id)) continue
      this.#states.delete(id)
      if (before.has(id)) this.#emit(id, { type: 'endpoint_removed' })
    }
    for (const endpoint of endpoints) {
      const state = this.of(endpoint)
      state.configure(endpoint)
      if (!before.has(endpoint.id)) this.#emit(endpoint.id, { type: 'endpoint_added' })
      this.#refresh(state)
    }
  }

  /** Sets the health of a target by the result of active checks. */
  setHealth(target: TargetState, to: TargetHealth, reason: string): void {
    const { health: from } = target
    if (from === to) return
    target.health = to
    if (from === 'unhealthy' && to === 'healthy')
      for (const recovered of this.#states.get(target.endpoint)?.recoveries ?? []) recovered(target)
    this.#changed(target, { type: 'target_health', target: target.url, from, to, reason })
  }

  /** Ejects a target because live traffic found it bad: it is not called until `restore`. */
  eject(target: TargetState, reason: string): void {
    if (target.ejected) return
    target.ejected = true
    this.#changed(target, { type: 'target_ejected', target: target.url, reason })
  }

  /** Ends the ejection of a target. */
  restore(target: TargetState, reason: string): void {
    if (!target.ejected) return
    target.ejected = false
    this.#changed(target, { type: 'target_returned', target: target.url, reason })
  }

  /** @internal Whether another process of this gateway ejects a target. That process ends it. */
  ejectElsewhere(target: TargetState, ejected: boolean, reason: string): void {
    if (target.ejectedElsewhere === ejected) return
    target.ejectedElsewhere = ejected
    this.#changed(target, { type: ejected ? 'target_ejected' : 'target_returned', target: target.url, reason })
  }

  /** Reports that a breaker changed its phase. */
  breaker(
    state: EndpointState,
    change: {
      filter: string
      target: string | undefined
      from: BreakerPhase
      to: BreakerPhase
      reason: string
      /** When probes may go out, if it is open; milliseconds since the Unix epoch. */
      until?: number
    },
  ): void {
    state.changedAt = this.#clock.wall()
    this.#emit(state.id, { type: 'breaker_state', ...change })
  }

  /**
   * Calls `fn` for every event from now on, at the moment of the change. What `fn` throws is logged.
   * @returns a function that ends the subscription, for `dispose`
   */
  subscribe(fn: (event: RegistryEvent) => void): () => void {
    this.#subscribers.add(fn)
    return () => this.#subscribers.delete(fn)
  }

  #changed(target: TargetState, bare: BareEvent): void {
    target.changedAt = this.#clock.wall()
    const state = this.#states.get(target.endpoint)
    // The target, or its endpoint, is no longer configured.
    if (state === undefined || !state.targets.includes(target)) return
    this.#emit(state.id, bare)
    this.#refresh(state)
  }

  #refresh(state: EndpointState): void {
    const from = state.status
    const to = state.assess()
    if (from === to) return
    state.status = to
    state.changedAt = this.#clock.wall()
    this.#emit(state.id, { type: 'endpoint_status', from, to })
  }

  #emit(endpoint: string, bare: BareEvent): void {
    if (!this.#live.has(endpoint) && bare.type !== 'endpoint_removed') return
    const event = { ...bare, endpoint, at: this.#clock.wall() } as RegistryEvent
    for (const fn of this.#subscribers) {
      try {
        fn(event)
      } catch (error) {
        this.#log.error({ err: error, event }, 'a subscriber of the registry failed')
      }
    }
  }
}

/**
 * The registry.
 *
 * @example const registry = env.service(EndpointRegistryKey)
 */
export const EndpointRegistryKey: ServiceKey<EndpointRegistry> = defineService('registry')
