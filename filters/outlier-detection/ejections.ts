import type { Clock, Deadline, EndpointRegistry, TargetState, TimerWheel } from '../../core/index.ts'
import {
  eject,
  mayEject,
  newOutlierState,
  type OutlierRules,
  type OutlierState,
  observe,
  restore,
} from './outlier-state.ts'

/** State of the targets of one endpoint, and the ejections of its filter. Outlives reloads. */
export class Ejections {
  readonly #registry: EndpointRegistry
  readonly #timers: TimerWheel
  readonly #clock: Clock
  readonly #states = new Map<TargetState, OutlierState>()
  /** Ends of the present ejections. */
  readonly #deadlines = new Map<TargetState, Deadline>()

  constructor(registry: EndpointRegistry, timers: TimerWheel, clock: Clock) {
    this.#registry = registry
    this.#timers = timers
    this.#clock = clock
  }

  /** A target has passed its health checks again, so its ejection ends early. */
  readonly recovered = (target: TargetState): void => {
    if (this.#deadlines.has(target)) this.#restore(target, 'it passes its checks again')
  }

  /**
   * Counts an attempt that is over.
   * @returns why the target was ejected because of it, if it was
   */
  settled(
    target: TargetState,
    rules: OutlierRules,
    attempt: { failed: boolean; startedAt: number },
  ): string | undefined {
    let state = this.#states.get(target)
    if (state === undefined) {
      // Most targets never fail.
      if (!attempt.failed && rules.failureShare === Infinity) return undefined
      state = newOutlierState()
      this.#states.set(target, state)
    }
    const now = this.#clock.now()
    const reason = observe(state, rules, attempt, now)
    if (reason === undefined || !this.#mayEject(target, rules)) return undefined
    const ms = eject(state, rules, now)
    this.#deadlines.set(
      target,
      this.#timers.after(ms, () => this.#restore(target, `its ${ms / 1000} s are over`)),
    )
    const message = `${reason}; for ${ms / 1000} s`
    this.#registry.eject(target, message)
    return message
  }

  /** Forgets targets that are no longer configured. */
  prune(): void {
    for (const target of this.#states.keys()) {
      if (this.#registry.get(target.endpoint)?.targets.includes(target)) continue
      this.#deadlines.get(target)?.cancel()
      this.#deadlines.delete(target)
      this.#states.delete(target)
    }
  }

  /** Ends all ejections, because no instance uses it any more. */
  close(): void {
    for (const target of [...this.#deadlines.keys()]) this.#restore(target, 'outlier detection ended')
  }

  #mayEject(target: TargetState, rules: OutlierRules): boolean {
    const all = this.#registry.get(target.endpoint)?.targets ?? []
    // It is ejected already, perhaps by another filter, or no longer configured.
    if (target.ejected || target.ejectedElsewhere || !all.includes(target)) return false
    const serving = all.filter(({ weight }) => weight > 0)
    const ejected = serving.filter((other) => other.ejected || other.ejectedElsewhere).length
    const others = serving.filter((other) => other !== target && other.available).length
    return mayEject(rules, serving.length, ejected, others)
  }

  #restore(target: TargetState, reason: string): void {
    this.#deadlines.get(target)?.cancel()
    this.#deadlines.delete(target)
    const state = this.#states.get(target)
    if (state !== undefined) restore(state, this.#clock.now())
    this.#registry.restore(target, reason)
  }
}
