import { ERRORS, type WeirError } from '../api/errors.ts'
import { LocalReply } from '../api/reply.ts'

/** The reply for an error, by the one table of `errors.ts`. */
export function errorReply(error: WeirError, filter: string): LocalReply {
  const headers: Record<string, string> = { 'proxy-status': `weir; error=${ERRORS[error.code].proxyStatus}` }
  // A 503 or 429 always says when to come back (RFC 9110 §10.2.3); none of the table's codes is one yet.
  return new LocalReply(error.status, error.code, { detail: `${error.title}.`, headers }, filter)
}
