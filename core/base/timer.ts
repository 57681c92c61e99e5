/** A function that `startTimer` or `TimerWheel.after` has scheduled. */
export interface Deadline {
  /** Takes the deadline back. Harmless if it has fired already. */
  cancel(): void
}

/** Node fires a timer beyond this range (24.8 days) after one millisecond, with a warning. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Calls `fire` once, to the millisecond, after any time, even an infinite one. Everything else in Weir uses this file, or a
 * `TimerWheel`, which costs less where there are thousands of deadlines.
 *
 * ```ts
 * const timer = startTimer(30 * 86_400_000, () => env.log.info({}, 'a month later'))
 * timer.cancel()
 * ```
 * @param ms milliseconds
 * @param options.background the process may end before it fires
 */
export function startTimer(ms: number, fire: () => void, options: { background?: boolean } = {}): Deadline {
  let timer: NodeJS.Timeout
  const wait = (left: number): void => {
    timer = setTimeout(() => (left > LONGEST_MS ? wait(left - LONGEST_MS) : fire()), Math.min(left, LONGEST_MS))
    if (options.background === true) timer.unref()
  }
  wait(ms)
  return { cancel: () => clearTimeout(timer) }
}

/** Calls `fire` every so many milliseconds, at most 24 days. The process may end meanwhile. */
export function startInterval(ms: number, fire: () => void): Deadline {
  const timer = setInterval(fire, Math.min(ms, LONGEST_MS)).unref()
  return { cancel: () => clearInterval(timer) }
}

/**
 * Resolves after a time. Rejects with the signal's reason when that aborts.
 *
 * ```ts
 * await sleep(250, env.signal)
 * ```
 * @param ms milliseconds
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const leave = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = startTimer(ms, () => {
      signal?.removeEventListener('abort', leave)
      resolve()
    })
    signal?.addEventListener('abort', leave, { once: true })
  })
}
