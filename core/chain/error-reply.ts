import { ERRORS, type WeirError } from '../api/errors.ts'
import type { HookError } from '../api/hook-error.ts'
import { LocalReply } from '../api/reply.ts'

/** The reply for an error, by the table in `errors.ts`. */
export function errorReply(error: WeirError, filter: string): LocalReply {
  const headers = proxyStatus(error)
  // RFC 9110 §10.2.3; no other code of the table is a 503 or 429.
  if (error.status === 503) headers['retry-after'] = '1'
  return new LocalReply(error.status, error.code, { detail: `${error.title}.`, headers }, filter)
}

/** The reply for the error of a hook. It names the filter and the hook, and shows nothing of what was thrown. */
export function filterFailure(error: HookError): LocalReply {
  const { filter = 'unknown', hook, code } = error
  const detail =
    code === 'filter_timeout'
      ? `The filter "${filter}" took too long in its ${hook} hook.`
      : `The filter "${filter}" failed in its ${hook} hook.`
  return new LocalReply(error.status, code, { detail, headers: proxyStatus(error), extra: { filter } }, filter)
}

const proxyStatus = (error: WeirError): Record<string, string> => ({
  'proxy-status': `weir; error=${ERRORS[error.code].proxyStatus}`,
})
