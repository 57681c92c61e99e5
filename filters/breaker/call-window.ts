/** Number of buckets of a window, which slides by one bucket at a time. */
export const BUCKETS = 10

/**
 * Recent calls, counted in a ring of buckets. Plain data. A call leaves the window with its bucket, so it counts for nine tenths of
 * the window's length at least.
 */
export interface CallWindow {
  /** Milliseconds. */
  readonly length: number
  /** Milliseconds of one bucket. */
  readonly width: number
  /** Number of the newest bucket: time divided by width, rounded down. */
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

/** Counts a call that is over, and removes those that have left the window. */
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
