import type { Balancer, Candidate } from './balancer.ts'

/**
 * Weighted round-robin, smooth: of weights 5, 1, 1 it makes a a b a c a a, not a a a a a b c. Over as many picks as the weights
 * add up to, each candidate gets exactly its weight. As nginx does since 1.3.1.
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
