import { defineService, type ServiceKey } from '../api/service.ts'
import type { StatusPattern } from '../api/status-pattern.ts'
import type { TargetHealth } from '../state/endpoint-status.ts'

/** How the targets of an endpoint are checked. Durations are milliseconds. Plain data: equal settings are the same check. */
export interface HealthCheck {
  readonly method: 'GET' | 'HEAD'
  /** Appended to the target's origin as it is, query included. */
  readonly path: string
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** From the beginning of one check to the beginning of the next. */
  readonly intervalMs: number
  /** For a whole check. */
  readonly timeoutMs: number
  /** Failed checks in a row that make a target unhealthy. */
  readonly unhealthyThreshold: number
  /** Passed checks in a row that make it healthy. */
  readonly healthyThreshold: number
  /** Statuses of the response that pass. */
  readonly statuses: readonly StatusPattern[]
  /** What the beginning of the body must contain, as `parseBodyMatch` reads it. */
  readonly bodyMatch: string | undefined
}

/** What one check found. */
export interface HealthCheckResult {
  /** Id of the endpoint. */
  readonly endpoint: string
  /** URL of the target. */
  readonly target: string
  readonly passed: boolean
  /** Why, for people; never bytes of the upstream. */
  readonly reason: string
  /** Health of the target after this check. */
  readonly health: TargetHealth
  /** Milliseconds, without the time in the queue of checks. */
  readonly durationMs: number
}

/**
 * Starts health checks by hand; for admin filters.
 *
 * ```ts
 * const results = await env.service(HealthControlKey).checkNow('v1/orders')
 * const bad = results.filter(({ passed }) => !passed)
 * ```
 */
export interface HealthControl {
  /**
   * Checks every target of an endpoint, or of all endpoints, now. A check that is under way is waited for instead. The results
   * count like those of other checks. Targets without a health check are left out. Never rejects.
   * @param endpoint id of the endpoint
   */
  checkNow(endpoint?: string): Promise<readonly HealthCheckResult[]>
}

/**
 * The health checker.
 *
 * @example const health = env.service(HealthControlKey)
 */
export const HealthControlKey: ServiceKey<HealthControl> = defineService('health')

const REGEX = /^\/(.+)\/([a-z]*)$/s
/** Letters of which other programs make flags: text behind the last slash that is made of them is meant as flags. */
const FLAGS = /^(?!.*(.).*\1)[dgimnsuvyx]*$/

/**
 * Reads the option `body_match` of a health check: a regular expression between slashes, followed by the flags `i`, `m`, `s`
 * or `u`, or plain text.
 *
 * @example parseBodyMatch('/"status": ?"up"/i') // a RegExp
 * @throws SyntaxError for a wrong regular expression, and for a text that is meant as one
 */
export function parseBodyMatch(text: string): RegExp | string {
  const [, source, flags = ''] = REGEX.exec(text) ?? []
  const [, inline, rest = ''] = /^\(\?([a-z]+)\)(.*)$/s.exec(source ?? text) ?? []
  if (inline !== undefined) throw new SyntaxError(`flags stand behind the last slash here: write /${rest}/${inline}`)
  if (source === undefined || !FLAGS.test(flags)) return text
  if (!/^[imsu]*$/.test(flags)) throw new SyntaxError(`"${flags}" is not allowed here: the flags are i, m, s and u`)
  return new RegExp(source, flags)
}
