import type { Options } from './options.ts'
import { rulesOf } from './options.ts'

/** Lines of `weir explain` about a breaker. */
export function* explainBreaker(given: Options): Iterable<string> {
  const { failureThreshold, rates, resetTimeout, maxResetTimeout, halfOpenMaxCalls } = rulesOf(given)
  const failures = [...given.failure_statuses, 'or no response'].join(', ')
  const each = given.scope === 'target' ? 'each target by itself: ' : ''
  const when = failureThreshold === Infinity ? [] : [`${failureThreshold} failures in a row (${failures})`]
  if (rates !== undefined) {
    const { failureRate, slowRate, slowDuration, window, minimumCalls } = rates
    const shares = [
      ...(failureRate === Infinity ? [] : [`${failureRate} % failures${when.length > 0 ? '' : ` (${failures})`}`]),
      ...(slowRate === Infinity ? [] : [`${slowRate} % slower than ${slowDuration / 1000} s`]),
    ]
    when.push(`${shares.join(' or ')} of ${minimumCalls} calls or more in ${window / 1000} s`)
  }
  yield `${each}opens after ${when.join(', or ')}`
  const growth = maxResetTimeout > resetTimeout ? ` (doubling up to ${maxResetTimeout / 1000} s)` : ''
  yield `then ${FALLBACKS[given.fallback_strategy]} for ${resetTimeout / 1000} s${growth}, before it sends ${halfOpenMaxCalls} probes`
  yield 'only the running gateway knows whether it is open'
}

const FALLBACKS: Readonly<Record<Options['fallback_strategy'], string>> = {
  error_response: 'returns 503 breaker_open',
  default_response: 'returns default_response',
  cached_response: 'returns the last good response, or 503 breaker_open,',
  redirect: 'redirects',
}
