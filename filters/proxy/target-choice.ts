import type { Attempt, Exchange, LocalReply, Target } from '../../core/index.ts'
import type { Balancer, Candidate } from './balancers/balancer.ts'
import { NO_HEALTHY_TARGET, NO_TARGET } from './no-target-replies.ts'

/** What is done when no target may be called. */
export const WHEN_UNHEALTHY = ['refuse', 'panic'] as const

/** Chooses the target of each attempt of an endpoint: its balancer's word, among those that take new requests. */
export class TargetChoice {
  readonly #all: readonly Candidate[]
  readonly #balancer: Balancer
  readonly #panics: boolean
  /** Those with a weight; made anew only when a weight changes. */
  #candidates: readonly Candidate[] = []

  constructor(all: readonly Candidate[], balancer: Balancer, whenUnhealthy: (typeof WHEN_UNHEALTHY)[number]) {
    this.#all = all
    this.#balancer = balancer
    this.#panics = whenUnhealthy === 'panic'
  }

  /** A target that was not tried yet, if there is one. */
  pick(x: Exchange, before: readonly Attempt[]): Target | LocalReply {
    this.#look()
    const all = this.#candidates
    if (all.length === 0) return this.#refusal()
    const candidates = before.length === 0 || all.length === 1 ? all : untried(all, before)
    return (candidates.length === 1 ? candidates[0]! : this.#balancer.pick(candidates, x)).target
  }

  /** Plain fields are compared for every attempt: cheaper than to be told of each change, and never out of date. */
  #look(): void {
    const all = this.#all
    const panic = this.#panics && !all.some(isOpen)
    // Panic doubts checks, not breakers: those would refuse the attempt. Where they refuse all, the fallback is theirs to give.
    const spares = panic && all.some(({ state }) => state.weight > 0 && !state.blocked)
    let changed = false
    for (const candidate of all) {
      const { state } = candidate
      const weight = (panic ? !(spares && state.blocked) : state.available) ? state.weight : 0
      if (candidate.weight === weight) continue
      candidate.weight = weight
      changed = true
    }
    if (!changed) return
    // Credit under old weights means nothing under new ones, and could starve a target.
    for (const candidate of all) candidate.note = 0
    this.#candidates = all.filter(({ weight }) => weight > 0)
  }

  #refusal(): LocalReply {
    if (this.#all.every(({ state }) => state.weight === 0)) return NO_TARGET
    return NO_HEALTHY_TARGET
  }
}

const isOpen = ({ state }: Candidate): boolean => state.available && state.weight > 0

function untried(candidates: readonly Candidate[], before: readonly Attempt[]): readonly Candidate[] {
  const left = candidates.filter(({ target }) => before.every((attempt) => attempt.target !== target))
  return left.length === 0 ? candidates : left
}
