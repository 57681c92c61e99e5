import type { TargetHealth } from '../../core/index.ts'

/** How many checks in a row change the health of a target. */
export interface Thresholds {
  readonly unhealthyThreshold: number
  readonly healthyThreshold: number
}

/** Result of the checks of one target so far. */
export interface Tally {
  readonly health: TargetHealth
  /** Checks of the same result in a row: passed ones if above 0, failed ones if below. */
  readonly run: number
}

/** Tally of a target without checks. Its health is unknown until either threshold is reached; it takes traffic until then. */
export const UNCHECKED: Tally = { health: 'unknown', run: 0 }

/** The tally with one more check. */
export function tallied({ health, run }: Tally, passed: boolean, rules: Thresholds): Tally {
  const now = passed ? Math.max(run, 0) + 1 : Math.min(run, 0) - 1
  if (now >= rules.healthyThreshold) return { health: 'healthy', run: now }
  if (-now >= rules.unhealthyThreshold) return { health: 'unhealthy', run: now }
  return { health, run: now }
}
