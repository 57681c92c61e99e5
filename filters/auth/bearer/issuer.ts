import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Identity, OwnTokens } from '../../../core/index.ts'
import type { Problem } from '../auth-method.ts'
import type { Algorithm } from './algorithms.ts'
import { claimAt, wordsAt } from './claim-names.ts'
import type { Candidates, IssuerKeys, Wanted } from './issuer-keys.ts'
import type { Members, UnverifiedToken } from './unverified-token.ts'
import type { VerificationKey } from './verification-key.ts'

/** Which tokens of an issuer are valid, and what their claims mean. */
export interface IssuerOptions {
  /** `iss`; undefined: any, or none. */
  readonly issuer: string | undefined
  readonly algorithms: readonly Algorithm[]
  readonly audience: readonly string[] | undefined
  /** Milliseconds. */
  readonly clockTolerance: number
  readonly requiredClaims: readonly string[]
  /** `typ`; undefined: any. */
  readonly tokenType: string | undefined
  /** Oldest `iat`; milliseconds. */
  readonly maxAge: number | undefined
  /** Claims, by name or path, and the values of which each must have one. */
  readonly claims: readonly (readonly [path: string, values: readonly unknown[]])[]
  readonly subjectClaim: string
  readonly rolesClaim: readonly string[]
  readonly scopesClaim: readonly string[]
}

/** What a token has proved. */
export interface Verified {
  readonly issuer: Issuer
  readonly key: VerificationKey
  readonly identity: Identity
  /** Milliseconds since the epoch. */
  readonly validUntil: number
}

/** How long a token without `exp` counts as proved; milliseconds. */
const NO_EXPIRY_MS = 60_000

/** One issuer of tokens. */
export class Issuer {
  readonly options: IssuerOptions
  readonly keys: IssuerKeys
  readonly #revocations: Pick<OwnTokens, 'isRevoked'> | undefined

  /** @param revocations undefined: its tokens count until they expire */
  constructor(options: IssuerOptions, keys: IssuerKeys, revocations?: Pick<OwnTokens, 'isRevoked'>) {
    this.options = options
    this.keys = keys
    this.#revocations = revocations
  }

  /** Whether a token that counts otherwise, with these claims, was revoked. To be asked at each use. */
  revoked(claims: Members): boolean {
    return this.#revocations?.isRevoked(claims.jti, claims.sid) === true
  }

  /** The keys that may have signed the token; none if its header rules them all out. */
  candidates(token: UnverifiedToken): Candidates | Promise<Candidates> {
    const wanted = this.#wanted(token)
    return wanted === undefined ? [] : this.keys.candidates(wanted)
  }

  /** Other keys than those that were tried in vain. Undefined: there is no reason to expect any. */
  renewed(token: UnverifiedToken, tried: readonly VerificationKey[]): Promise<Candidates> | undefined {
    const wanted = this.#wanted(token)
    return wanted && this.keys.renewed(wanted, tried)
  }

  /** Undefined: no key may have signed it. */
  #wanted({ header: { alg, kid }, claims: { iat } }: UnverifiedToken): Wanted | undefined {
    const algorithm = this.options.algorithms.find((one) => one === alg || (one === 'EdDSA' && alg === 'Ed25519'))
    if (algorithm === undefined || (kid !== undefined && typeof kid !== 'string')) return undefined
    return { kid, algorithm, issuedAt: typeof iat === 'number' ? iat * 1000 : 0 }
  }

  /**
   * @param now milliseconds since the epoch
   * @returns `unsigned` if none of the keys has signed it
   */
  async verify(
    token: string,
    { claims }: UnverifiedToken,
    keys: readonly VerificationKey[],
    now: number,
  ): Promise<Verified | Problem | 'unsigned'> {
    if (!this.#accepts(claims, now)) return 'token_invalid'
    let problem: Problem | 'unsigned' = 'unsigned'
    for (const key of keys) {
      try {
        await jwtVerify(token, key.key, this.#demands(now))
        return this.verified(key, claims, now)
      } catch (error) {
        // The others are about a token that this key has signed.
        if (error instanceof errors.JWSSignatureVerificationFailed) continue
        problem = error instanceof errors.JWTExpired ? 'token_expired' : 'token_invalid'
      }
    }
    return problem
  }

  /** The proof of claims that the key has signed. */
  verified(key: VerificationKey, claims: Members, now: number): Verified {
    return {
      issuer: this,
      key,
      identity: this.#identity(claims),
      validUntil: this.#validUntil(claims as JWTPayload, now),
    }
  }

  #demands(now: number): Parameters<typeof jwtVerify>[2] {
    const { algorithms, issuer, audience, clockTolerance, requiredClaims, tokenType, maxAge } = this.options
    return {
      algorithms: algorithms.flatMap((one) => (one === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [one])),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience: [...audience] }),
      ...(tokenType !== undefined && { typ: tokenType }),
      ...(maxAge !== undefined && { maxTokenAge: maxAge / 1000 }),
      requiredClaims: [...requiredClaims],
      clockTolerance: clockTolerance / 1000,
      currentDate: new Date(now),
    }
  }

  /** What jose does not check. */
  #accepts(claims: Members, now: number): boolean {
    const { clockTolerance } = this.options
    // 1e400 is a number of JSON, and infinite here.
    if (['exp', 'nbf', 'iat'].some((name) => typeof claims[name] === 'number' && !Number.isFinite(claims[name])))
      return false
    // From the future: made with a wrong clock, or to outlive its use.
    if (typeof claims.iat === 'number' && claims.iat * 1000 > now + clockTolerance) return false
    return this.options.claims.every(([path, values]) => holdsOne(claimAt(claims, path), values))
  }

  /** `exp` plus the tolerance (RFC 7519 §4.1.4), or as long as it is young enough. */
  #validUntil({ exp, iat }: JWTPayload, now: number): number {
    const { clockTolerance, maxAge } = this.options
    const young = maxAge === undefined || iat === undefined ? Infinity : iat * 1000 + maxAge + clockTolerance
    return Math.min(exp === undefined ? now + NO_EXPIRY_MS : exp * 1000 + clockTolerance, young)
  }

  /** Deeply frozen: every request with the token shares it. */
  #identity(claims: Members): Identity {
    const { subjectClaim, rolesClaim, scopesClaim } = this.options
    const subject = claimAt(claims, subjectClaim)
    return deepFreeze({
      subject: typeof subject === 'string' ? subject : undefined,
      scheme: 'bearer',
      roles: wordsAt(claims, rolesClaim, false),
      scopes: this.#scopes(claims, scopesClaim),
      claims,
    })
  }

  /** The first of the claims that is there, so that an empty `scope` is not made up for by another. */
  #scopes(claims: Members, paths: readonly string[]): readonly string[] {
    const first = paths.find((path) => claimAt(claims, path) !== undefined)
    return first === undefined ? [] : wordsAt(claims, [first], true)
  }
}

/** Whether a claim is one of the values, or a list that holds one. */
const holdsOne = (claim: unknown, values: readonly unknown[]): boolean =>
  Array.isArray(claim) ? claim.some((one) => values.includes(one)) : values.includes(claim)

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}
