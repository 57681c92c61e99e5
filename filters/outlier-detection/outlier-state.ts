/** When a target is ejected, and for how long. Times are milliseconds. */
export interface OutlierRules {
  /** Failures in a row; infinite: they don't count. */
  readonly consecutiveFailures: number
  /** Share of failures within a window, 0 to 1; infinite: it doesn't count. */
  readonly failureShare: number
  /** Attempts of a window before its share counts. */
  readonly requestVolume: number
  readonly window: number
  readonly baseEjection: number
  readonly maxEjection: number
  /** Share of the targets that may be ejected at once, 0 to 1. */
  readonly maxEjected: number
}

/** What live traffic said of one target: plain data, so that it outlives the instance that keeps it. */
export interface OutlierState {
  /** Failures in a row. */
  failures: number
  /** The present window. */
  since: number
  seen: number
  failed: number
  /** Ejections in a row: what the next one's time grows with. */
  ejections: number
  ejected: boolean
  /** When it last returned; monotonic. */
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
 * One more attempt at a target that is over.
 * @param startedAt when it began: attempts from before the last return say nothing about the target now
 * @param now monotonic milliseconds
 * @returns why the target should be ejected; undefined: it should not. It is asked again after each further failure.
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
 * Whether one more target may be ejected: no more than the share of them, rounded down, and never the last that may be called.
 * @param targets that take traffic
 * @param ejected of them, by live traffic
 * @param others that may still be called, beside the one in question
 */
export const mayEject = (rules: OutlierRules, targets: number, ejected: number, others: number): boolean =>
  others > 0 && ejected + 1 <= Math.floor(targets * rules.maxEjected)

/**
 * Ejects the target.
 * @returns milliseconds until it returns
 */
export function eject(state: OutlierState, rules: OutlierRules, now: number): number {
  // Each base time that a target has served since forgives an ejection.
  const forgiven = Math.floor((now - state.returnedAt) / rules.baseEjection)
  state.ejections = Math.max(state.ejections - forgiven, 0) + 1
  state.ejected = true
  return Math.min(state.ejections * rules.baseEjection, Math.max(rules.maxEjection, rules.baseEjection))
}

/** The target's time is over: it begins anew. */
export function comeBack(state: OutlierState, now: number): void {
  state.ejected = false
  state.returnedAt = now
  state.failures = 0
  state.since = Number.NEGATIVE_INFINITY
}
