import { type LocalReply, reply } from '../../core/index.ts'
import type { AuthOptions } from './options.ts'
import type { TokenProblem } from './verifier.ts'

type Reason = TokenProblem | 'role_missing' | 'scope_missing'

/** `error` and `error_description` of RFC 6750 §3.1. The texts are fixed, so that nothing of the request comes back. */
const CHALLENGES: Readonly<Record<Reason, { status: number; error?: string; description: string }>> = {
  // §3.1: a request without credentials gets no error code.
  token_missing: { status: 401, description: 'A bearer token is needed.' },
  // RFC 9110 §15.6.4: no credentials of the client could change it.
  auth_key_missing: { status: 503, description: 'Tokens cannot be verified: the gateway has no key for them.' },
  credentials_malformed: { status: 400, error: 'invalid_request', description: 'The credentials are malformed' },
  token_expired: { status: 401, error: 'invalid_token', description: 'The token has expired' },
  token_invalid: { status: 401, error: 'invalid_token', description: 'The token is not valid here' },
  role_missing: { status: 403, error: 'insufficient_scope', description: 'The token lacks a role that is needed' },
  scope_missing: { status: 403, error: 'insufficient_scope', description: 'The token lacks a scope that is needed' },
}

/** Seconds. Somebody has to change the configuration first. */
const RETRY_AFTER = '30'

/** The replies of an instance for every reason to refuse a request. */
export function refusals(options: Pick<AuthOptions, 'realm' | 'scopes'>): Readonly<Record<Reason, LocalReply>> {
  const made: Partial<Record<Reason, LocalReply>> = {}
  for (const reason of Object.keys(CHALLENGES) as Reason[]) {
    const { status, error, description } = CHALLENGES[reason]
    if (status === 503) {
      made[reason] = reply(status, reason, { headers: { 'Retry-After': RETRY_AFTER }, detail: description })
      continue
    }
    let challenge = `Bearer realm="${options.realm}"`
    if (error !== undefined) challenge += `, error="${error}", error_description="${description}"`
    if (status === 403 && options.scopes.length > 0) challenge += `, scope="${options.scopes.join(' ')}"`
    made[reason] = reply(status, reason, { headers: { 'WWW-Authenticate': challenge }, detail: description })
  }
  return made as Record<Reason, LocalReply>
}
