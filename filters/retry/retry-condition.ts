import { type ErrorCode, LocalReply, type Response, WeirError } from '../../core/index.ts'

/** How an attempt ended for the filter: with a response, or with an error. */
export type AttemptResult = { readonly response: Response | LocalReply } | { readonly error: unknown }

/**
 * Whether a retry may help. `done`: it can't. `refused`: a filter replied instead of the upstream. `unsent`: nothing reached the
 * upstream, so every request may be sent again. `failed`: the request may have reached it, so only an idempotent one may (RFC 9110
 * §9.2.2).
 */
export type RetryCondition = 'done' | 'refused' | 'unsent' | 'failed'

/** The upstream closed the connection, or was silent, before it responded. */
const FAILURES: ReadonlySet<ErrorCode> = new Set(['upstream_reset', 'upstream_timeout', 'upstream_idle_timeout'])

export function retryCondition(result: AttemptResult, statuses: ReadonlySet<number>): RetryCondition {
  if ('error' in result) {
    const { error } = result
    if (!(error instanceof WeirError)) return 'done'
    if (error.retryable) return 'unsent'
    return FAILURES.has(error.code) ? 'failed' : 'done'
  }
  if (result.response instanceof LocalReply) return 'refused'
  return statuses.has(result.response.status) ? 'failed' : 'done'
}
