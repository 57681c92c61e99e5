import { type HealthCheck, type HealthCheckResponse, matchesStatus, parseBodyMatch } from '../../core/index.ts'

/** Says why an answer is not what a check expects; undefined: it is. */
export type Expectation = (answer: HealthCheckResponse) => string | undefined

/** The body is held to be UTF-8. A regular expression is trusted: one that backtracks for long stops the process for as long. */
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
