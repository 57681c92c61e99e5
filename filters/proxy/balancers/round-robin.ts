import type { Balancer, Candidate } from './balancer.ts'

/**
 * Smooth weighted round-robin, as in nginx since 1.3.1: weights 5, 1, 1 give a a b a c a a, not a a a a a b c. In as many picks as
 * the sum of the weights, each candidate gets exactly its weight.
 */
export const roundRobin = (): Balancer => ({
  pick(candidates) {
    let best: Candidate = candidates[0]!
    let total = 0
    for (const candidate of candidates) {
      candidate.note += candidate.weight
      total += candidate.weight
      if (candidate.note > best.note) best = candidate
    }
    best.note -= total
    return best
  },
})
