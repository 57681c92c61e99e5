/**
 * Milliseconds to wait before a retry: a random time up to a limit that doubles with each retry ("full jitter": Marc Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog 2015). So requests that failed together do not come again together.
 * @param retry 0 for the first
 * @param random at least 0, below 1
 */
export function backoff(retry: number, base: number, max: number, random: number): number {
  return random * Math.min(max, base * 2 ** retry)
}
