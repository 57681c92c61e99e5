import type { Exchange, Target, TargetState } from '../../../core/index.ts'

/** A target that an attempt may go to. */
export class Candidate {
  readonly target: Target
  readonly state: TargetState
  /** Its share of the traffic as things stand; 0 while it takes no new requests. */
  weight = 0
  /** For the balancer's own use. 0 again whenever the candidates change. */
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
   * @param candidates two or more, each of a weight above zero. The array stays the same object until a candidate or a weight
   * changes, so that what is computed from it (the ring of a hash) can be kept; a retry gets an array of its own.
   */
  pick(candidates: readonly Candidate[], x: Exchange): Candidate
}

/** Whether one more attempt would be a smaller load for `a` than for `b`, each by its weight. */
export const isLess = (a: Candidate, b: Candidate): boolean =>
  (a.state.outstanding + 1) * b.weight < (b.state.outstanding + 1) * a.weight
