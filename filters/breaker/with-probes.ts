import type { Exchange } from '../../core/index.ts'
import type { Breaker } from './breaker.ts'
import type { BreakerRules } from './breaker-state.ts'

/**
 * Asks the other processes of the gateway for probes, then makes the call. A target is picked and its breaker asked within the call,
 * before it waits: breakers with a probe do not block until then.
 */
export async function withProbes<T>(
  x: Exchange,
  rules: BreakerRules,
  due: readonly Breaker[],
  call: () => T | PromiseLike<T>,
): Promise<T> {
  const answers = await Promise.all(due.map((breaker) => breaker.ask(x, rules)))
  const probing = due.filter((_, i) => answers[i])
  try {
    for (const breaker of probing) breaker.probing = true
    let response: T | PromiseLike<T>
    try {
      response = call()
    } finally {
      for (const breaker of probing) breaker.probing = false
    }
    return await response
  } finally {
    for (const breaker of probing) breaker.giveBack(x)
  }
}
