import { type Balancer, isLess } from './balancer.ts'

/** Picks the candidate with the fewest attempts in flight relative to its weight, with the new one; equal ones take turns. */
export const leastRequest = (): Balancer => {
  let start = 0
  return {
    pick(candidates) {
      const { length } = candidates
      start = (start + 1) % length
      let best = candidates[start]!
      for (let i = 1; i < length; i++) {
        const candidate = candidates[(start + i) % length]!
        if (isLess(candidate, best)) best = candidate
      }
      return best
    },
  }
}
