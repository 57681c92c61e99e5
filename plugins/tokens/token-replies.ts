import type { TokenReply } from '../../core/index.ts'

/** Why a request is refused: what metrics and logs say. */
export type RefusalReason =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_token'
  | 'token_missing'
  | 'unsupported_grant_type'
  | 'unsupported_media_type'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'refresh_reused'
  | 'throttled'
  | 'overloaded'
  | 'store_full'
  | 'store_unavailable'
  | 'not_told'
  | 'internal_error'

interface RefusalOptions {
  /** `error` of the reply (RFC 6749 §5.2), where it differs from the reason. */
  readonly error?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Whom it is about, for the log: a name of ours, or a hash of another. */
  readonly subject?: string | undefined
}

/** A request that gets no token, with the reply that says so. */
export class TokenRefusal extends Error {
  readonly status: number
  readonly reason: RefusalReason
  readonly subject: string | undefined
  readonly #error: string
  readonly #headers: Readonly<Record<string, string>>

  /** @param description for the client's developer: printable ASCII without quotes (RFC 6749 §5.2) */
  constructor(status: number, reason: RefusalReason, description: string, options: RefusalOptions = {}) {
    super(description)
    this.status = status
    this.reason = reason
    this.subject = options.subject
    this.#error = options.error ?? reason
    this.#headers = options.headers ?? {}
  }

  get reply(): TokenReply {
    return {
      ...jsonReply({ error: this.#error, error_description: this.message }, this.status),
      reason: this.reason,
      headers: { ...NOT_STORED, 'Content-Type': JSON_TYPE, ...this.#headers },
    }
  }
}

const JSON_TYPE = 'application/json'
/** RFC 6749 §5.1 */
const NOT_STORED = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/** @param cacheFor seconds; undefined: never */
export function jsonReply(value: object, status = 200, cacheFor?: number): TokenReply {
  const caching = cacheFor === undefined ? NOT_STORED : { 'Cache-Control': `public, max-age=${cacheFor}` }
  return {
    status,
    reason: undefined,
    headers: { 'Content-Type': JSON_TYPE, ...caching },
    body: JSON.stringify(value),
  }
}

/** RFC 7009 §2.2: the content does not matter. */
export const emptyReply = (): TokenReply => ({ status: 200, reason: undefined, headers: NOT_STORED, body: '' })

export const invalidRequest = (description: string): TokenRefusal =>
  new TokenRefusal(400, 'invalid_request', description)

export const invalidGrant = (description: string, subject?: string): TokenRefusal =>
  new TokenRefusal(400, 'invalid_grant', description, { subject })

/** RFC 6749 §5.2 */
export const invalidClient = (subject?: string): TokenRefusal =>
  new TokenRefusal(401, 'invalid_client', 'the client is unknown, or its secret is wrong', {
    subject,
    headers: { 'WWW-Authenticate': 'Basic realm="tokens", charset="UTF-8"' },
  })

/** RFC 6750 §3.1 */
export const invalidToken = (): TokenRefusal =>
  new TokenRefusal(401, 'invalid_token', 'the access token is none of ours, is over, or was revoked', {
    headers: { 'WWW-Authenticate': 'Bearer realm="tokens", error="invalid_token"' },
  })

/** RFC 6750 §3: without an error code. */
export const tokenMissing = (): TokenRefusal =>
  new TokenRefusal(401, 'token_missing', 'an access token is needed', {
    error: 'invalid_request',
    headers: { 'WWW-Authenticate': 'Bearer realm="tokens"' },
  })

/** @param seconds when it makes sense again */
export const tryLater = (reason: RefusalReason, description: string, seconds = 1, status = 503): TokenRefusal =>
  new TokenRefusal(status, reason, description, {
    error: 'temporarily_unavailable',
    headers: { 'Retry-After': String(seconds) },
  })
