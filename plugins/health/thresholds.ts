import type { TargetHealth } from '../../core/index.ts'

/** How many checks in a row change what is held of a target. */
export interface Thresholds {
  readonly unhealthyThreshold: number
  readonly healthyThreshold: number
}

/** What the checks of one target said so far. */
export interface Tally {
  readonly health: TargetHealth
  /** Checks of the same result in a row: passed ones if above 0, failed ones if below. */
  readonly run: number
}

/** Of a target that was not checked yet. It counts as available, and must earn either word. */
export const UNCHECKED: Tally = { health: 'unknown', run: 0 }

/** One more check. */
export function tallied({ health, run }: Tally, passed: boolean, rules: Thresholds): Tally {
  const now = passed ? Math.max(run, 0) + 1 : Math.min(run, 0) - 1
  if (now >= rules.healthyThreshold) return { health: 'healthy', run: now }
  if (-now >= rules.unhealthyThreshold) return { health: 'unhealthy', run: now }
  return { health, run: now }
}
