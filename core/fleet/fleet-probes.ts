import type { Clock } from '../base/clock.ts'

/** Probes of one half-open phase. */
interface Phase {
  /** Successes that close the breaker, and most probes at once. */
  limit: number
  successes: number
  /** When each probe under way stops counting; monotonic milliseconds. */
  readonly underWay: number[]
}

/** The probes of all half-open breakers, in the primary. */
export class FleetProbes {
  readonly #clock: Clock
  readonly #close: (breaker: string) => void
  readonly #phases = new Map<string, Phase>()

  /** @param close called when enough probes of a breaker have succeeded */
  constructor(clock: Clock, close: (breaker: string) => void) {
    this.#clock = clock
    this.#close = close
  }

  /** See `ProbeSlots`. */
  ask(breaker: string, limit: number, timeoutMs: number): boolean {
    const now = this.#clock.now()
    const phase = this.#phases.get(breaker) ?? { limit, successes: 0, underWay: [] }
    phase.limit = limit
    this.#phases.set(breaker, phase)
    while (phase.underWay.length > 0 && phase.underWay[0]! <= now) phase.underWay.shift()
    if (phase.successes + phase.underWay.length >= limit) return false
    phase.underWay.push(now + timeoutMs)
    return true
  }

  /** See `ProbeSlots`. */
  report(breaker: string, verdict: 'success' | 'failure' | 'ignored'): void {
    const phase = this.#phases.get(breaker)
    if (phase === undefined) return
    phase.underWay.shift()
    if (verdict === 'failure') return this.changed(breaker)
    if (verdict === 'success' && ++phase.successes >= phase.limit) {
      this.changed(breaker)
      this.#close(breaker)
    }
  }

  /** It has opened or closed: its probes do not count any more. */
  changed(breaker: string): void {
    this.#phases.delete(breaker)
  }
}
