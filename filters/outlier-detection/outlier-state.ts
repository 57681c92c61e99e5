/** When a target is ejected, and for how long. Times are milliseconds. */
export interface OutlierRules {
  /** Failures in a row that eject; infinite: none do. */
  readonly consecutiveFailures: number
  /** Share of failures within a window that ejects, 0 to 1; infinite: none does. */
  readonly failureShare: number
  /** Attempts that a window must have before its share counts. */
  readonly requestVolume: number
  readonly window: number
  readonly baseEjection: number
  readonly maxEjection: number
  /** Share of the targets that may be ejected at once, 0 to 1. */
  readonly maxEjected: number
}

/** State of one target, judged by live traffic. Plain data, so that it outlives the instance that keeps it. */
export interface OutlierState {
  /** Failures in a row. */
  failures: number
  /** The present window: its start, its attempts and how many failed. */
  since: number
  seen: number
  failed: number
  /** Ejections in a row; the next one lasts longer with each. */
  ejections: number
  ejected: boolean
  /** When the last ejection ended; monotonic. */
  returnedAt: number
}

export const newOutlierState = (): OutlierState => ({
  failures: 0,
  since: Number.NEGATIVE_INFINITY,
  seen: 0,
  failed: 0,
  ejections: 0,
  ejected: false,
  returnedAt: Number.NEGATIVE_INFINITY,
})

/**
 * Counts an attempt that is over.
 * @param attempt one that started before the last ejection ended does not count
 * @param now monotonic milliseconds
 * @returns why the target should be ejected; undefined if it should not. Each further failure returns it again.
 */
export function observe(
  state: OutlierState,
  rules: OutlierRules,
  attempt: { readonly failed: boolean; readonly startedAt: number },
  now: number,
): string | undefined {
  if (state.ejected || attempt.startedAt < state.returnedAt) return undefined
  if (now - state.since >= rules.window) {
    state.since = now
    state.seen = 0
    state.failed = 0
  }
  state.seen++
  if (!attempt.failed) {
    state.failures = 0
    return undefined
  }
  state.failures++
  state.failed++
  if (state.failures >= rules.consecutiveFailures) return `${state.failures} failures in a row`
  if (state.seen < rules.requestVolume || state.failed < rules.failureShare * state.seen) return undefined
  return `${state.failed} of ${state.seen} attempts failed`
}

/**
 * Whether one more target may be ejected: never more than the share of them, rounded down, and never the last that is available.
 * @param targets that take traffic
 * @param ejected how many of them are ejected
 * @param others how many others are available
 */
export const mayEject = (rules: OutlierRules, targets: number, ejected: number, others: number): boolean =>
  others > 0 && ejected + 1 <= Math.floor(targets * rules.maxEjected)

/**
 * Ejects the target.
 * @returns how long the ejection lasts, in milliseconds
 */
export function eject(state: OutlierState, rules: OutlierRules, now: number): number {
  // Each base time that the target has served since then takes back one ejection.
  const takenBack = Math.floor((now - state.returnedAt) / rules.baseEjection)
  state.ejections = Math.max(state.ejections - takenBack, 0) + 1
  state.ejected = true
  return Math.min(state.ejections * rules.baseEjection, Math.max(rules.maxEjection, rules.baseEjection))
}

/** Ends the ejection. Counting starts again. */
export function restore(state: OutlierState, now: number): void {
  state.ejected = false
  state.returnedAt = now
  state.failures = 0
  state.since = Number.NEGATIVE_INFINITY
}
