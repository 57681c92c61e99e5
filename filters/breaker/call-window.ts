/** Buckets of a window: it slides by a tenth of its length at a time. */
export const BUCKETS = 10

/**
 * Calls of the last while, counted in a ring of buckets. Plain data. A call leaves with its bucket: it is counted for at
 * least nine tenths of the window's length and at most all of it.
 */
export interface CallWindow {
  /** Milliseconds. */
  readonly length: number
  /** Milliseconds of one bucket. */
  readonly width: number
  /** Number of the newest bucket: time divided by width. */
  at: number
  readonly buckets: readonly CallCounts[]
  readonly total: CallCounts
}

export interface CallCounts {
  calls: number
  failures: number
  slow: number
}

const none = (): CallCounts => ({ calls: 0, failures: 0, slow: 0 })

/** @param length of the window, milliseconds */
export function newCallWindow(length: number, now: number): CallWindow {
  const width = length / BUCKETS
  return { length, width, at: Math.floor(now / width), buckets: Array.from({ length: BUCKETS }, none), total: none() }
}

/** CallCounts a call that is over, and forgets those that have left the window. */
export function recordCall(window: CallWindow, failed: boolean, slow: boolean, now: number): void {
  slide(window, Math.floor(now / window.width))
  const bucket = window.buckets[window.at % BUCKETS]!
  for (const counts of [bucket, window.total]) {
    counts.calls++
    if (failed) counts.failures++
    if (slow) counts.slow++
  }
}

function slide(window: CallWindow, to: number): void {
  const { buckets, total } = window
  const steps = Math.min(to - window.at, BUCKETS)
  for (let i = 0; i < steps; i++) {
    const bucket = buckets[(to - i) % BUCKETS]!
    total.calls -= bucket.calls
    total.failures -= bucket.failures
    total.slow -= bucket.slow
    Object.assign(bucket, none())
  }
  if (steps > 0) window.at = to
}
