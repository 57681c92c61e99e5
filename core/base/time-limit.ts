import { isThenable } from './thenable.ts'
import { type Deadline, startTimer } from './timer.ts'

/**
 * The result of some work, or an error if the work takes too long; the work itself goes on. Work that is no promise is
 * returned as it is.
 * @param ms milliseconds
 * @param what names the work in the error: `create()`
 */
export async function withTimeLimit<T>(ms: number, what: string, work: T | PromiseLike<T>): Promise<T> {
  if (!isThenable(work)) return work
  let timer: Deadline | undefined
  const late = new Promise<never>((_, reject) => {
    timer = startTimer(ms, () => reject(new Error(`${what} took longer than ${ms / 1000} s`)))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    timer?.cancel()
  }
}
