import { type Exchange, WeirError } from '../../core/index.ts'

/**
 * Waits before a retry. Rejects at once when the client leaves. A timer of its own, because the wheel is too coarse: a backoff
 * may be a few milliseconds.
 */
export function waitForRetry(x: Exchange, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // Node would fire a timer beyond its range at once.
    const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1))
    x.onAbort(() => {
      clearTimeout(timer)
      reject(new WeirError('client_gone'))
    })
  })
}
