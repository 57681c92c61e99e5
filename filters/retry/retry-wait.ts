import { type Exchange, startTimer, WeirError } from '../../core/index.ts'

/**
 * Waits before a retry. Rejects at once when the client leaves. A timer of its own, because the wheel is too coarse: a backoff
 * may be a few milliseconds.
 */
export function waitForRetry(x: Exchange, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = startTimer(ms, resolve)
    x.onAbort(() => {
      timer.cancel()
      reject(new WeirError('client_gone'))
    })
  })
}
