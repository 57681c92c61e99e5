import type {
  BreakerHandle,
  BreakerPhase,
  Clock,
  EndpointRegistry,
  EndpointState,
  Exchange,
  Outcome,
  ProbeSlots,
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

/** Time for which a refusal of a probe holds; milliseconds. */
const ASK_AGAIN_MS = 10

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
  readonly #blocks = (): boolean =>
    this.state.phase !== 'closed' && (this.#needsSlot ? !this.probing : blocks(this.state, this.#guarded.clock.now()))
  /** Exchanges that may send a probe, and attempts that are one; where the processes of a gateway share them. */
  readonly #granted = new WeakSet<Exchange>()
  readonly #probes = new WeakSet<AttemptRef>()
  #askAgainAt = Number.NEGATIVE_INFINITY
  /** The target of a probe is being picked: it does not block now. */
  probing = false

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
    const shared = this.#needsSlot
    if (shared && !this.#granted.delete(x)) return false
    if (shared) this.#probes.add(attempt)
    // How many there may be has been decided.
    const own = shared ? { ...rules, halfOpenMaxCalls: Number.POSITIVE_INFINITY } : rules
    const passes = admit(state, own, attempt, this.#guarded.clock.now())
    if (state.phase !== before) this.#report(before, x)
    return passes
  }

  settle(rules: BreakerRules, x: Exchange, attempt: AttemptRef, result: Outcome['result'], took: number): void {
    const before = this.state.phase
    settle(this.state, rules, attempt, result, took, this.#guarded.clock.now())
    if (this.#probes.delete(attempt))
      this.#slots?.report(this.#subject, result === 'ignored' ? result : this.phase === 'open' ? 'failure' : 'success')
    if (this.state.phase !== before) this.#report(before, x)
  }

  /** Whether a probe may be due, for which the other processes of the gateway must be asked. */
  get isDue(): boolean {
    return this.#needsSlot && !blocks(this.state, this.#guarded.clock.now())
  }

  /** Asks whether this exchange may send a probe. */
  async ask(x: Exchange, rules: BreakerRules): Promise<boolean> {
    const { clock } = this.#guarded
    if (clock.now() < this.#askAgainAt) return false
    const granted = await this.#slots!.ask(this.#subject, rules.halfOpenMaxCalls, rules.resetTimeout)
    if (granted) this.#granted.add(x)
    else this.#askAgainAt = clock.now() + ASK_AGAIN_MS
    return granted
  }

  /** The exchange sends no probe any more. */
  giveBack(x: Exchange): void {
    if (this.#granted.delete(x)) this.#slots?.report(this.#subject, 'ignored')
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

  get #slots(): ProbeSlots | undefined {
    return this.#guarded.registry.probeSlots
  }

  /** Whether probes need a slot. */
  get #needsSlot(): boolean {
    return this.state.phase !== 'closed' && this.#slots !== undefined
  }

  /** Its name in every process. */
  get #subject(): string {
    return JSON.stringify(['breaker_state', this.endpoint, this.filter, this.target ?? null])
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
