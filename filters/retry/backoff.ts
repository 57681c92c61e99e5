/**
 * Milliseconds to wait before a retry: anything from nothing to an exponentially growing limit ("full jitter": Marc Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog 2015), so that clients that failed together do not return together.
 * @param retry 0 for the first
 * @param random at least 0, below 1
 */
export function backoff(retry: number, base: number, max: number, random: number): number {
  return random * Math.min(max, base * 2 ** retry)
}
