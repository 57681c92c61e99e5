import type {
  BreakerHandle,
  BreakerPhase,
  Clock,
  EndpointRegistry,
  EndpointState,
  Exchange,
  Outcome,
  TargetState,
} from '../../core/index.ts'
import {
  type AttemptRef,
  admit,
  adopt,
  allowProbes,
  type BreakerRules,
  type BreakerState,
  blocks,
  newBreaker,
  reset,
  retryAfter,
  settle,
  trip,
} from './breaker-state.ts'

/** What a breaker guards, and where it reports. Equal for all instances that share the breaker. */
export interface BreakerSubject {
  /** Name of the filter in the chain. */
  readonly filter: string
  readonly endpoint: string
  /** URL of the target; undefined if it guards the whole endpoint. */
  readonly target: string | undefined
  readonly registry: EndpointRegistry
  readonly clock: Clock
}

/**
 * The breaker of one endpoint, or of one target of it. It outlives reloads: every instance that uses it holds it, and the registry
 * knows it while one does.
 */
export class Breaker implements BreakerHandle {
  readonly filter: string
  readonly endpoint: string
  readonly target: string | undefined
  readonly state: BreakerState = newBreaker()
  readonly #guarded: BreakerSubject
  /** Rules of its holders; those of the newest come last. */
  readonly #rules: BreakerRules[] = []
  #home: EndpointState
  #known: TargetState | undefined
  readonly #blocks = (): boolean => this.state.phase !== 'closed' && blocks(this.state, this.#guarded.clock.now())

  readonly #recovered = ({ url }: TargetState): void => {
    if (this.target === undefined || this.target === url) allowProbes(this.state, this.#guarded.clock.now())
  }

  constructor(guarded: BreakerSubject, home: EndpointState) {
    this.#guarded = guarded
    this.#home = home
    this.filter = guarded.filter
    this.endpoint = guarded.endpoint
    this.target = guarded.target
  }

  get phase(): BreakerPhase {
    return this.state.phase
  }

  /** @param known the target, if it guards only one */
  hold(rules: BreakerRules, home: EndpointState, known: TargetState | undefined): void {
    this.#rules.push(rules)
    this.#home = home
    this.#known = known
    home.breakers.add(this)
    home.recoveries.add(this.#recovered)
    known?.blocks.add(this.#blocks)
  }

  /** @returns whether no instance holds it any more */
  release(rules: BreakerRules): boolean {
    this.#rules.splice(this.#rules.indexOf(rules), 1)
    if (this.#rules.length > 0) return false
    this.#home.breakers.delete(this)
    this.#home.recoveries.delete(this.#recovered)
    this.#known?.blocks.delete(this.#blocks)
    return true
  }

  admit(rules: BreakerRules, x: Exchange, attempt: AttemptRef): boolean {
    const { state } = this
    const before = state.phase
    if (before === 'closed') return true
    const passes = admit(state, rules, attempt, this.#guarded.clock.now())
    if (state.phase !== before) this.#report(before, x)
    return passes
  }

  settle(rules: BreakerRules, x: Exchange, attempt: AttemptRef, result: Outcome['result'], took: number): void {
    const before = this.state.phase
    settle(this.state, rules, attempt, result, took, this.#guarded.clock.now())
    if (this.state.phase !== before) this.#report(before, x)
  }

  /** Seconds. */
  retryAfter(): number {
    return retryAfter(this.state, this.#guarded.clock.now())
  }

  trip(): void {
    const rules = this.#rules.at(-1)
    if (rules !== undefined) this.#byHand(() => trip(this.state, rules, this.#guarded.clock.now()))
  }

  reset(): void {
    this.#byHand(() => reset(this.state, this.#guarded.clock.now()))
  }

  adopt(phase: 'open' | 'closed', until: number, reason: string): void {
    const { clock } = this.#guarded
    // The monotonic clocks of two processes have nothing in common.
    adopt(this.state, phase, clock.now() + until - clock.wall(), reason, clock.now())
  }

  #byHand(change: () => void): void {
    const before = this.state.phase
    change()
    if (this.state.phase !== before) this.#report(before, undefined)
  }

  #report(from: BreakerPhase, x: Exchange | undefined): void {
    const { filter, target, state } = this
    const { phase: to, cause: reason } = state
    const { clock } = this.#guarded
    const message = to === 'open' ? `${reason}; for ${this.retryAfter()} s` : reason
    this.#guarded.registry.breaker(this.#home, {
      filter,
      target,
      from,
      to,
      reason: message,
      until: clock.wall() + state.until - clock.now(),
    })
    x?.trace?.event('weir.breaker', {
      'weir.filter': filter,
      ...(target === undefined ? {} : { 'weir.target': target }),
      'weir.breaker.from': from,
      'weir.breaker.to': to,
      'weir.breaker.reason': reason,
    })
  }
}
