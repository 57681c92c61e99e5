import type { Clock, Deadline, EndpointRegistry, TargetState, TimerWheel } from '../../core/index.ts'
import {
  comeBack,
  eject,
  mayEject,
  newOutlierState,
  type OutlierRules,
  type OutlierState,
  observe,
} from './outlier-state.ts'

/** What one endpoint's filter knows of its targets, and the ejections it made. Outlives reloads. */
export class Ejections {
  readonly #registry: EndpointRegistry
  readonly #timers: TimerWheel
  readonly #clock: Clock
  readonly #records = new Map<TargetState, OutlierState>()
  /** Of targets that are ejected now. */
  readonly #returns = new Map<TargetState, Deadline>()

  constructor(registry: EndpointRegistry, timers: TimerWheel, clock: Clock) {
    this.#registry = registry
    this.#timers = timers
    this.#clock = clock
  }

  /** Active checks find it well again: it need not wait for its time. */
  readonly recovered = (target: TargetState): void => {
    if (this.#returns.has(target)) this.#comeBack(target, 'it passes its checks again')
  }

  /**
   * An attempt at a target is over.
   * @returns why the target was ejected for it, if it was
   */
  settled(
    target: TargetState,
    rules: OutlierRules,
    attempt: { failed: boolean; startedAt: number },
  ): string | undefined {
    let state = this.#records.get(target)
    if (state === undefined) {
      // Most targets never fail.
      if (!attempt.failed && rules.failureShare === Infinity) return undefined
      state = newOutlierState()
      this.#records.set(target, state)
    }
    const now = this.#clock.now()
    const reason = observe(state, rules, attempt, now)
    if (reason === undefined || !this.#room(target, rules)) return undefined
    const ms = eject(state, rules, now)
    this.#returns.set(
      target,
      this.#timers.after(ms, () => this.#comeBack(target, `its ${ms / 1000} s are over`)),
    )
    const said = `${reason}; for ${ms / 1000} s`
    this.#registry.eject(target, said)
    return said
  }

  /** Forgets targets that are configured no more. */
  prune(): void {
    for (const target of this.#records.keys()) {
      if (this.#registry.get(target.endpoint)?.targets.includes(target)) continue
      this.#returns.get(target)?.cancel()
      this.#returns.delete(target)
      this.#records.delete(target)
    }
  }

  /** Nobody keeps it any more: who is ejected returns. */
  close(): void {
    for (const target of [...this.#returns.keys()]) this.#comeBack(target, 'outlier detection ended')
  }

  #room(target: TargetState, rules: OutlierRules): boolean {
    const all = this.#registry.get(target.endpoint)?.targets ?? []
    // One that was ejected already, by whomever, and one that is gone.
    if (target.ejected || !all.includes(target)) return false
    const serving = all.filter(({ weight }) => weight > 0)
    const ejected = serving.filter((other) => other.ejected).length
    const others = serving.filter((other) => other !== target && other.available).length
    return mayEject(rules, serving.length, ejected, others)
  }

  #comeBack(target: TargetState, reason: string): void {
    this.#returns.get(target)?.cancel()
    this.#returns.delete(target)
    const state = this.#records.get(target)
    if (state !== undefined) comeBack(state, this.#clock.now())
    this.#registry.restore(target, reason)
  }
}
