import type { Endpoint } from '../api/endpoint.ts'
import type { Logger } from '../api/logger.ts'
import { defineService } from '../api/service.ts'
import type { Clock } from '../base/clock.ts'
import { EndpointState } from './endpoint-state.ts'
import type { BreakerPhase, TargetHealth } from './endpoint-status.ts'
import type { RegistryEvent, RegistryEventBase } from './registry-event.ts'
import type { TargetState } from './target-state.ts'

/** An event without what the registry adds. */
type Told<E = RegistryEvent> = E extends unknown ? Omit<E, keyof RegistryEventBase> : never

/**
 * Run-time state of every endpoint and target: what health checks, live traffic and breakers found out. It outlives reloads
 * for as long as the endpoint, or the target's URL, is configured. Filters get it by `EndpointRegistryKey`.
 *
 * Whoever finds something out says so by a method here; whoever wants to know subscribes, or reads the plain fields.
 */
export class EndpointRegistry {
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

  /**
   * The state of an endpoint and of each of its targets; made when first asked for, which may be by a load that then fails:
   * `sync` forgets those again.
   */
  of(endpoint: Endpoint): EndpointState {
    let state = this.#states.get(endpoint.id)
    if (state === undefined) {
      state = new EndpointState(endpoint, this.#clock.wall())
      this.#states.set(endpoint.id, state)
    }
    for (const target of endpoint.targets) state.target(target, this.#clock.wall())
    return state
  }

  /** States of the live configuration, in its order. */
  *all(): Iterable<EndpointState> {
    for (const id of this.#live) {
      const state = this.#states.get(id)
      // Of one that is just being added, whoever is told of another finds none yet.
      if (state !== undefined) yield state
    }
  }

  /** The state of a live endpoint. */
  get(id: string): EndpointState | undefined {
    return this.#live.has(id) ? this.#states.get(id) : undefined
  }

  /** @internal The swap: these endpoints are configured from now on, and no others. */
  sync(endpoints: readonly Endpoint[]): void {
    const before = this.#live
    const live = new Set(endpoints.map(({ id }) => id))
    this.#live = live
    for (const id of this.#states.keys()) {
      if (live.has(id)) continue
      this.#states.delete(id)
      if (before.has(id)) this.#tell(id, { type: 'endpoint_removed' })
    }
    for (const endpoint of endpoints) {
      const state = this.of(endpoint)
      state.configure(endpoint)
      if (!before.has(endpoint.id)) this.#tell(endpoint.id, { type: 'endpoint_added' })
      this.#refresh(state)
    }
  }

  /** An active check changed its mind about a target. */
  setHealth(target: TargetState, to: TargetHealth, reason: string): void {
    const { health: from } = target
    if (from === to) return
    target.health = to
    if (from === 'unhealthy' && to === 'healthy')
      for (const recovered of this.#states.get(target.endpoint)?.recoveries ?? []) recovered(target)
    this.#changed(target, { type: 'target_health', target: target.url, from, to, reason })
  }

  /** Live traffic found a target bad: it is left alone until `restore`. */
  eject(target: TargetState, reason: string): void {
    if (target.ejected) return
    target.ejected = true
    this.#changed(target, { type: 'target_ejected', target: target.url, reason })
  }

  restore(target: TargetState, reason: string): void {
    if (!target.ejected) return
    target.ejected = false
    this.#changed(target, { type: 'target_returned', target: target.url, reason })
  }

  /** A breaker changed its state. */
  breaker(
    state: EndpointState,
    change: { filter: string; target: string | undefined; from: BreakerPhase; to: BreakerPhase; reason: string },
  ): void {
    state.changedAt = this.#clock.wall()
    this.#tell(state.id, { type: 'breaker_state', ...change })
  }

  /** Calls `fn` for every event from now on, as it happens; what it throws is logged. Returns what ends it. */
  subscribe(fn: (event: RegistryEvent) => void): () => void {
    this.#subscribers.add(fn)
    return () => this.#subscribers.delete(fn)
  }

  #changed(target: TargetState, told: Told): void {
    target.changedAt = this.#clock.wall()
    const state = this.#states.get(target.endpoint)
    // Of a target, or an endpoint, that is configured no more.
    if (state === undefined || !state.targets.includes(target)) return
    this.#tell(state.id, told)
    this.#refresh(state)
  }

  #refresh(state: EndpointState): void {
    const from = state.status
    const to = state.assess()
    if (from === to) return
    state.status = to
    state.changedAt = this.#clock.wall()
    this.#tell(state.id, { type: 'endpoint_status', from, to })
  }

  #tell(endpoint: string, told: Told): void {
    if (!this.#live.has(endpoint) && told.type !== 'endpoint_removed') return
    const event = { ...told, endpoint, at: this.#clock.wall() } as RegistryEvent
    for (const fn of this.#subscribers) {
      try {
        fn(event)
      } catch (error) {
        this.#log.error({ err: error, event }, 'a subscriber of the registry failed')
      }
    }
  }
}

export const EndpointRegistryKey = defineService<EndpointRegistry>('registry')
