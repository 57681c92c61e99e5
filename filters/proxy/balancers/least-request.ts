import { type Balancer, isLess } from './balancer.ts'

/** The fewest attempts in flight for its weight, this one counted in; those that are equal take turns. */
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
