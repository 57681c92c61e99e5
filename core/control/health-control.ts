import { defineService } from '../api/service.ts'
import type { StatusPattern } from '../api/status-pattern.ts'
import type { TargetHealth } from '../state/endpoint-status.ts'

/** How the targets of an endpoint are checked. Durations are milliseconds. Plain data: equal ones are the same check. */
export interface HealthCheck {
  readonly method: 'GET' | 'HEAD'
  /** Put behind the target's origin as it is, query included. */
  readonly path: string
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** From the beginning of a check to that of the next. */
  readonly intervalMs: number
  /** For the whole of a check. */
  readonly timeoutMs: number
  /** Failed checks in a row that make a target unhealthy. */
  readonly unhealthyThreshold: number
  /** Passed checks in a row that make it healthy. */
  readonly healthyThreshold: number
  /** What the answer's status must be one of. */
  readonly statuses: readonly StatusPattern[]
  /** What the beginning of the body must hold, as `parseBodyMatch` reads it. */
  readonly bodyMatch: string | undefined
}

/** What one check found. */
export interface HealthCheckResult {
  readonly endpoint: string
  readonly target: string
  readonly passed: boolean
  /** For people; never bytes of the upstream. */
  readonly reason: string
  /** What is held of the target since. */
  readonly health: TargetHealth
  /** Milliseconds, without the time for which it waited for its turn. */
  readonly durationMs: number
}

/** Works the health checker by hand. */
export interface HealthControl {
  /**
   * Checks every target of an endpoint, or of all, at once rather than when it is due; a check that is under way is waited
   * for. The results count as those of other checks. Targets that are not checked are left out. Never rejects.
   */
  checkNow(endpoint?: string): Promise<readonly HealthCheckResult[]>
}

export const HealthControlKey = defineService<HealthControl>('health')

const REGEX = /^\/(.+)\/([imsu]*)$/s

/** A `body_match`: a regular expression between slashes, with flags behind them, or else plain text. Throws a SyntaxError. */
export function parseBodyMatch(text: string): RegExp | string {
  const [, source, flags] = REGEX.exec(text) ?? []
  return source === undefined ? text : new RegExp(source, flags)
}
