import { type ErrorCode, LocalReply, type Response, WeirError } from '../../core/index.ts'

/** What came of an attempt. */
export type AttemptResult = { readonly response: Response | LocalReply } | { readonly error: unknown }

/**
 * `done`: nothing to mend. `refused`: a filter answered in the upstream's place. `unsent`: nothing reached the upstream, so that
 * anything may be sent again. `failed`: something may have, so that only what is idempotent may (RFC 9110 §9.2.2).
 */
export type RetryCondition = 'done' | 'refused' | 'unsent' | 'failed'

/** The upstream went away, or stayed silent, before there was an answer. */
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
