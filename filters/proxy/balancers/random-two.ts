import { type Balancer, type Candidate, isLess } from './balancer.ts'

/**
 * Draws two candidates by weight, and picks the one with fewer attempts in flight relative to its weight. That is nearly as even as
 * a look at all of them, and several gateways do not all pick the same target (Mitzenmacher, "The power of two choices in
 * randomized load balancing", 2001).
 * @param random from 0 up to, but not including, 1
 */
export const randomTwo = (random: () => number): Balancer => ({
  pick(candidates) {
    let total = 0
    for (const { weight } of candidates) total += weight
    const first = draw(candidates, random() * total, undefined)
    const second = draw(candidates, random() * (total - first.weight), first)
    return isLess(second, first) ? second : first
  },
})

/** The candidate at a point of a line on which each one except `except` has a section as long as its weight. */
function draw(candidates: readonly Candidate[], point: number, except: Candidate | undefined): Candidate {
  let last: Candidate | undefined
  for (const candidate of candidates) {
    if (candidate === except) continue
    last = candidate
    point -= candidate.weight
    if (point < 0) break
  }
  return last!
}
