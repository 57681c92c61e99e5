import { defineService, type ServiceKey } from '../api/service.ts'

/** How the gateway issues tokens of its own. Durations are milliseconds; paths are absolute. Plain data. */
export interface TokenSettings {
  /** `iss`: a URL without query and fragment, as the operator wrote it. */
  readonly issuer: string
  /** `aud`. */
  readonly audience: string
  /** Where it is served; `prefix` starts with `/` and does not end with one. */
  readonly serve: { readonly prefix: string }
  readonly algorithm: TokenAlgorithm
  readonly keysDir: string
  /** Undefined: keys are rotated by hand alone. */
  readonly rotateEveryMs: number | undefined
  readonly accessTtlMs: number
  readonly refreshTtlMs: number
  readonly usersFile: string | undefined
  readonly clients: readonly TokenClientSettings[]
  readonly stateFile: string
  /** Refresh tokens that live at one time, at most; of one user or client a hundredth of them. */
  readonly maxSessions: number
}

/** An application that gets tokens for itself (RFC 6749 §4.4). */
export interface TokenClientSettings {
  readonly id: string
  readonly secretFile: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
}

/**
 * The algorithms that tokens can be signed with (RFC 7518 §3.1, RFC 8037 §3.1).
 *
 * @example const isKnown = (name: string): boolean => TOKEN_ALGORITHMS.some((one) => one === name)
 */
export const TOKEN_ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const
/** One of `TOKEN_ALGORITHMS`. */
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number]

/** A request for tokens, or about one, as the listener's process has read it. Plain data. */
export interface TokenRequest {
  readonly operation: TokenOperation
  readonly method: string
  /** Whether the URL had a query, which must not hold credentials. */
  readonly query: boolean
  /** The fields `Content-Type` and `Authorization`, where there is exactly one of each. */
  readonly contentType: string | undefined
  readonly authorization: string | undefined
  /** At most 16 KiB. */
  readonly body: Uint8Array
  /** Of the client, as trusted proxies give it. */
  readonly address: string
  readonly requestId: string
  /** Who calls with an API key, where `auth` of the chain has verified one. */
  readonly apiKey:
    | { readonly subject: string; readonly roles: readonly string[]; readonly scopes: readonly string[] }
    | undefined
}

/** What is asked for; each has a path of its own. */
export type TokenOperation = 'token' | 'refresh' | 'revoke' | 'validate' | 'user' | 'jwks' | 'metadata'

/** Plain data. */
export interface TokenReply {
  readonly status: number
  /** Why, for the access log, where it is a refusal: `invalid_grant`. */
  readonly reason: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The issuer of tokens: one for all processes of a gateway.
 *
 * @example const answer = async (issuer: TokenIssuer, request: TokenRequest) => (await issuer.respond(request)).status
 */
export interface TokenIssuer {
  /** Never rejects for what a client sends. */
  respond(request: TokenRequest): Promise<TokenReply>
}

/**
 * The issuer of the gateway's own tokens; there is one only where the configuration has `tokens`.
 *
 * @example const issuer = env.serviceIf(TokenIssuerKey)
 */
export const TokenIssuerKey: ServiceKey<TokenIssuer> = defineService('token-issuer')

/** What verifies the gateway's own tokens. Plain data. */
export interface TokenTrust {
  readonly issuer: string
  readonly audience: string
  readonly algorithm: TokenAlgorithm
  /** Public JWKs, or, of HS algorithms, the secrets; each with `kid` and `alg`. */
  readonly keys: readonly Readonly<Record<string, unknown>>[]
}

/** A token (`jti`) or a session (`sid`) that was revoked; milliseconds since the Unix epoch until when that matters. Plain data. */
export type Revocation = readonly [id: string, until: number]

/**
 * What this process knows of the gateway's own tokens, up to date in every process before a token is signed with a new key, and before a
 * revocation is confirmed.
 *
 * @example const isGone = (tokens: OwnTokens, jti: string) => tokens.isRevoked(jti, undefined)
 */
export interface OwnTokens {
  /** Undefined: the gateway issues none. Another object after each change. */
  readonly trust: TokenTrust | undefined
  /** Whether one of the ids was revoked. */
  isRevoked(jti: unknown, sid: unknown): boolean
}

/**
 * What this process knows of the gateway's own tokens.
 *
 * @example const issuer = env.serviceIf(OwnTokensKey)?.trust?.issuer
 */
export const OwnTokensKey: ServiceKey<OwnTokens> = defineService('own-tokens')

/** A change of what all processes must know. Plain data. */
export interface TokenNews {
  /** Undefined: as before; null: none are issued. */
  readonly trust?: TokenTrust | null
  readonly revoked?: readonly Revocation[]
}

/** Who issues tokens, as the configuration says it before there are keys: none of them is valid then. */
export const expectedTrust = ({ issuer, audience, algorithm }: TokenSettings): TokenTrust => ({
  issuer,
  audience,
  algorithm,
  keys: [],
})

/** How often what has ended is looked for; milliseconds. */
const FORGET_MS = 60_000

/** What a process knows, by the news that the issuer's process sends. */
export class KnownTokens implements OwnTokens {
  #trust: TokenTrust | undefined
  readonly #revoked = new Map<string, { readonly until: number; readonly stays: number }>()
  #forgetAt = 0

  /** What a process that starts later must be told. */
  get all(): TokenNews {
    return { trust: this.#trust ?? null, revoked: Array.from(this.#revoked, ([id, { until }]) => [id, until] as const) }
  }

  get trust(): TokenTrust | undefined {
    return this.#trust
  }

  /**
   * What has ended is forgotten, when its time is over by both clocks: one that is set forward for a moment brings no token back.
   * @param now milliseconds since the Unix epoch
   * @param monotonic milliseconds
   */
  learn({ trust, revoked = [] }: TokenNews, now: number, monotonic = performance.now()): void {
    if (trust !== undefined) this.#trust = trust ?? undefined
    for (const [id, until] of revoked) this.#revoked.set(id, { until, stays: monotonic + until - now })
    if (monotonic < this.#forgetAt) return
    this.#forgetAt = monotonic + FORGET_MS
    for (const [id, { until, stays }] of this.#revoked) if (until <= now && stays <= monotonic) this.#revoked.delete(id)
  }

  isRevoked(jti: unknown, sid: unknown): boolean {
    if (this.#revoked.size === 0) return false
    return (typeof jti === 'string' && this.#revoked.has(jti)) || (typeof sid === 'string' && this.#revoked.has(sid))
  }
}
