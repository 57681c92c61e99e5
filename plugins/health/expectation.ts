import { type HealthCheck, type HealthCheckResponse, matchesStatus, parseBodyMatch } from '../../core/index.ts'

/** Why a response does not pass a check; undefined if it passes. */
export type Expectation = (response: HealthCheckResponse) => string | undefined

/**
 * The expectation of a check. The body is read as UTF-8. A regular expression comes from the operator and is trusted: one that
 * backtracks for long blocks the process.
 */
export function expectationOf({ statuses, bodyMatch }: Pick<HealthCheck, 'statuses' | 'bodyMatch'>): Expectation {
  const pattern = bodyMatch === undefined ? undefined : parseBodyMatch(bodyMatch)
  return ({ status, body }) => {
    if (!matchesStatus(statuses, status)) return `status ${status}`
    if (pattern === undefined) return undefined
    const text = body.toString()
    const fits = typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)
    return fits ? undefined : 'the body does not match'
  }
}
