import type { Exchange, Target, TargetState } from '../../../core/index.ts'

/** A target that an attempt may call. */
export class Candidate {
  readonly target: Target
  readonly state: TargetState
  /** Its present share of the traffic; 0 while it takes no new requests. */
  weight = 0
  /** For the balancer's own use. Reset to 0 whenever the candidates change. */
  note = 0

  constructor(target: Target, state: TargetState) {
    this.target = target
    this.state = state
  }
}

/** Chooses among the targets of one endpoint. */
export interface Balancer {
  /**
   * Synchronous, and called for every attempt.
   * @param candidates two or more, each with a weight above zero. The array stays the same object until a candidate or a weight
   * changes, so that results computed from it (a hash ring) can be cached; a retry gets an array of its own.
   */
  pick(candidates: readonly Candidate[], x: Exchange): Candidate
}

/** Whether `a` would have less load than `b` after one more attempt, relative to their weights. */
export const isLess = (a: Candidate, b: Candidate): boolean =>
  (a.state.outstanding + 1) * b.weight < (b.state.outstanding + 1) * a.weight
