import { type LocalReply, reply } from '../../core/index.ts'
import type { AccessReason } from './access-rules.ts'
import type { AuthMethod, MethodName, Problem } from './auth-method.ts'

/** Why a request is refused. */
export type Refusal = Problem | AccessReason | 'credentials_missing' | 'identity_too_long' | 'endpoint_denied'

interface Form {
  readonly status: number
  /** `error` of RFC 6750 §3.1. */
  readonly error?: string
  readonly detail: string
}

/** The texts are fixed, so that nothing of the request comes back. */
const FORMS: Readonly<Record<Refusal, Form>> = {
  // RFC 6750 §3.1: a request without credentials gets no error code.
  token_missing: { status: 401, detail: 'A bearer token is needed.' },
  api_key_missing: { status: 401, detail: 'An API key is needed.' },
  password_missing: { status: 401, detail: 'A user name and a password are needed.' },
  credentials_missing: { status: 401, detail: 'Credentials are needed.' },
  // RFC 9110 §15.6.4: no credentials of the client could change it.
  auth_key_missing: { status: 503, detail: 'Tokens cannot be verified: the gateway has no key for them.' },
  issuer_unavailable: { status: 503, detail: 'Tokens cannot be verified: their issuer cannot be reached.' },
  auth_overloaded: { status: 503, detail: 'Too many credentials are being verified.' },
  credentials_malformed: { status: 400, error: 'invalid_request', detail: 'The credentials are malformed' },
  credentials_cross_origin: {
    status: 403,
    detail: 'The cookie of another site was sent: its token does not count here.',
  },
  token_expired: { status: 401, error: 'invalid_token', detail: 'The token has expired' },
  token_invalid: { status: 401, error: 'invalid_token', detail: 'The token is not valid here' },
  token_revoked: { status: 401, error: 'invalid_token', detail: 'The token has been revoked' },
  api_key_expired: { status: 401, detail: 'The API key has expired.' },
  api_key_invalid: { status: 401, detail: 'The API key is not valid here.' },
  password_invalid: { status: 401, detail: 'The user name or the password is wrong.' },
  password_throttled: { status: 429, detail: 'Too many wrong passwords came for this user.' },
  endpoint_denied: { status: 403, detail: 'The credentials are for other endpoints.' },
  role_missing: { status: 403, error: 'insufficient_scope', detail: 'The caller lacks a role that is needed' },
  scope_missing: { status: 403, error: 'insufficient_scope', detail: 'The caller lacks a scope that is needed' },
  claim_missing: { status: 403, error: 'insufficient_scope', detail: 'The caller lacks a claim that is needed' },
  rule_denied: { status: 403, detail: 'A rule denies this request.' },
  no_rule_matches: { status: 403, detail: 'No rule allows this request.' },
  path_ambiguous: { status: 400, detail: 'The path can be read in several ways, for which different rules hold.' },
  path_traversal: { status: 400, detail: 'The path leads upwards.' },
  path_invalid: { status: 400, detail: 'The path is not valid.' },
  path_too_long: { status: 414, detail: 'The path is too long for a rule.' },
  identity_too_long: { status: 403, detail: 'The identity is too long to be passed on.' },
}

/** Seconds until it is worth another attempt: somebody has to change the configuration, or an issuer to come back. */
const RETRY_AFTER: Readonly<Partial<Record<Refusal, string>>> = {
  auth_key_missing: '30',
  issuer_unavailable: '5',
  auth_overloaded: '1',
  password_throttled: '60',
}

/** `invalid` before `missing`: what was sent says more than what was not. */
const MISSING: ReadonlySet<Problem> = new Set(['token_missing', 'api_key_missing', 'password_missing'])

/** The most telling of the problems of several methods. */
export function problemOf(problems: readonly Problem[]): Refusal {
  const sent = problems.find((problem) => !MISSING.has(problem))
  return sent ?? (problems.length === 1 ? problems[0]! : 'credentials_missing')
}

export interface RefusalOptions {
  readonly realm: string
  readonly debug: boolean
  /** Of which all are needed. */
  readonly scopes: readonly string[]
  /** That are accepted. */
  readonly methods: readonly AuthMethod[]
}

/** The replies of an instance, made once per reason. */
export class Refusals {
  readonly #options: RefusalOptions
  readonly #made = new Map<string, LocalReply>()

  constructor(options: RefusalOptions) {
    this.#options = options
  }

  /** @param missing what the caller lacks, from the configuration; shown only with `debug` */
  get(reason: Refusal, missing?: string): LocalReply {
    const shown = this.#options.debug ? missing : undefined
    const key = shown === undefined ? reason : `${reason} ${shown}`
    let made = this.#made.get(key)
    if (made === undefined) {
      made = this.#make(reason, shown)
      this.#made.set(key, made)
    }
    return made
  }

  #make(reason: Refusal, missing: string | undefined): LocalReply {
    const { status, error, detail } = FORMS[reason]
    const retry = RETRY_AFTER[reason]
    if (retry !== undefined) return reply(status, reason, { headers: { 'Retry-After': retry }, detail })
    const { realm, scopes, methods } = this.#options
    const names = [...new Set(methods.map(({ name }) => name))]
    const scope = status === 403 && scopes.length > 0 ? `, scope="${scopes.join(' ')}"` : ''
    // RFC 9110 §11.6.1: a 401 lists what is accepted; RFC 6750 §3 gives its errors in the challenge of a bearer token.
    const challenges = names
      .filter((name) => status === 401 || (name === 'bearer' && error !== undefined))
      .map(
        (name) =>
          challenge(name, realm) +
          (name === 'bearer' && error !== undefined ? `, error="${error}", error_description="${detail}"${scope}` : ''),
      )
    return reply(status, reason, {
      detail,
      ...(missing === undefined ? {} : { extra: { missing } }),
      ...(challenges.length === 0
        ? {}
        : { headers: { 'WWW-Authenticate': challenges.length === 1 ? challenges[0]! : challenges } }),
    })
  }
}

const SCHEMES: Readonly<Record<MethodName, string>> = { bearer: 'Bearer', api_key: 'ApiKey', basic: 'Basic' }

const challenge = (method: MethodName, realm: string): string =>
  `${SCHEMES[method]} realm="${realm}"${method === 'basic' ? ', charset="UTF-8"' : ''}`
