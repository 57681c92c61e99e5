import type { Attempt, Exchange, LocalReply, Target } from '../../core/index.ts'
import type { Balancer, Candidate } from './balancers/balancer.ts'
import { NO_HEALTHY_TARGET, NO_TARGET } from './no-target-replies.ts'

/** Values of the option `when_unhealthy`. */
export const WHEN_UNHEALTHY = ['refuse', 'panic'] as const

/** Chooses the target of each attempt: the balancer picks among the targets that take new requests. */
export class TargetChoice {
  readonly #all: readonly Candidate[]
  readonly #balancer: Balancer
  readonly #panics: boolean
  /** Targets with a weight. A new array only when a weight changes. */
  #candidates: readonly Candidate[] = []

  constructor(all: readonly Candidate[], balancer: Balancer, whenUnhealthy: (typeof WHEN_UNHEALTHY)[number]) {
    this.#all = all
    this.#balancer = balancer
    this.#panics = whenUnhealthy === 'panic'
  }

  /** Picks a target that has no attempt yet, if there is one. */
  pick(x: Exchange, before: readonly Attempt[]): Target | LocalReply {
    this.#updateWeights()
    const all = this.#candidates
    if (all.length === 0) return this.#refusal()
    const candidates = before.length === 0 || all.length === 1 ? all : withoutAttempt(all, before)
    return (candidates.length === 1 ? candidates[0]! : this.#balancer.pick(candidates, x)).target
  }

  /** Compares plain fields for every attempt: that is cheaper than a notification of each change, and never out of date. */
  #updateWeights(): void {
    const all = this.#all
    const panic = this.#panics && !all.some(isOpen)
    // Panic ignores health, not breakers, which would refuse the attempt. If they block all targets, one is picked all the same, so that
    // the breaker replies with its fallback.
    const skipsBlocked = panic && all.some(({ state }) => state.weight > 0 && !state.blocked)
    let changed = false
    for (const candidate of all) {
      const { state } = candidate
      const weight = (panic ? !(skipsBlocked && state.blocked) : state.available) ? state.weight : 0
      if (candidate.weight === weight) continue
      candidate.weight = weight
      changed = true
    }
    if (!changed) return
    // Notes from before say nothing with the new weights, and could starve a target.
    for (const candidate of all) candidate.note = 0
    this.#candidates = all.filter(({ weight }) => weight > 0)
  }

  #refusal(): LocalReply {
    if (this.#all.every(({ state }) => state.weight === 0)) return NO_TARGET
    return NO_HEALTHY_TARGET
  }
}

const isOpen = ({ state }: Candidate): boolean => state.available && state.weight > 0

function withoutAttempt(candidates: readonly Candidate[], before: readonly Attempt[]): readonly Candidate[] {
  const left = candidates.filter(({ target }) => before.every((attempt) => attempt.target !== target))
  return left.length === 0 ? candidates : left
}
