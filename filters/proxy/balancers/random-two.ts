import { type Balancer, type Candidate, isLess } from './balancer.ts'

/**
 * Of two that are drawn by weight, the one with less in flight for its weight: nearly as even as looking at all of them, and
 * gateways that know nothing of one another do not all run to the same target (Mitzenmacher, "The power of two choices in
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

/** The candidate at this point of the line on which each but `except` has a stretch as long as its weight. */
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
