import type { Target } from '../../../../core/api/endpoint.ts'
import { TargetState } from '../../../../core/state/target-state.ts'
import { targetOf } from '../../../../core/testing.ts'
import { Candidate } from '../../../../filters/proxy/balancers/balancer.ts'

/** A candidate as the proxy makes it, and as if it had been looked at. */
export function candidate(name: string, weight: number): Candidate {
  const target: Target = { ...targetOf(`http://${name}`), weight }
  const made = new Candidate(target, new TargetState('api', target, 0))
  made.weight = weight
  return made
}

/** `a`, `b`, `c` … with these weights. */
export const candidates = (...weights: number[]): Candidate[] =>
  weights.map((weight, i) => candidate(String.fromCharCode(97 + i), weight))

export const nameOf = ({ target }: { target: Target }): string => target.host

/** How often each was picked, by name. */
export function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Numbers from 0 up to 1 that are the same in every run: Park and Miller, "Random number generators" (1988). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}
