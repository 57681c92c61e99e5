import { type Exchange, WeirError } from '../../core/index.ts'

/** Waits. Rejects at once when the client leaves. The wheel would be too coarse: a backoff may be a few milliseconds. */
export function waitForRetry(x: Exchange, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // What is beyond Node's range would fire at once.
    const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1))
    x.onAbort(() => {
      clearTimeout(timer)
      reject(new WeirError('client_gone'))
    })
  })
}
