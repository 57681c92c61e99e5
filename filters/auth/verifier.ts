import { type CryptoKey, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Clock, HeaderList, Identity } from '../../core/index.ts'
import { bearer, flawOf } from './credentials.ts'
import { identityOf } from './identity.ts'
import type { Algorithm } from './options.ts'

/** Everything that decides whether a token is valid, and which identity it has. */
export interface VerifierOptions {
  readonly algorithm: Algorithm
  /** Undefined if no key is configured: then no token is valid. */
  readonly key: CryptoKey | undefined
  readonly issuer: string | undefined
  readonly audience: string | string[] | undefined
  /** Milliseconds. */
  readonly clockTolerance: number
  readonly requireExp: boolean
  /** Value of `typ`; undefined: any. */
  readonly tokenType: string | undefined
  readonly rolesClaim: string
  readonly cacheSize: number
}

export type TokenProblem =
  | 'token_missing'
  | 'credentials_malformed'
  | 'auth_key_missing'
  | 'token_expired'
  | 'token_invalid'

interface Proved {
  readonly verifier: Verifier
  readonly identity: Identity
  /** Milliseconds since the epoch. */
  readonly validUntil: number
}

/** Result of a verifier for one request. Only the verifier that made it may rely on it. */
export type Proof =
  | Proved
  | { readonly verifier: Verifier; readonly identity: undefined; readonly problem: TokenProblem }

/** How long a token without `exp` is cached; milliseconds. */
const NO_EXPIRY_CACHE = 60_000

/** Verifies bearer tokens and caches valid ones; the least recently used leaves the cache first. */
export class Verifier {
  readonly #options: VerifierOptions
  readonly #clock: Clock
  readonly #cache = new Map<string, Proved>()
  readonly #problems = new Map<TokenProblem, Proof>()

  constructor(options: VerifierOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Verifies the token in these headers: at once if it is cached or missing, otherwise later. Never rejects. */
  prove(headers: HeaderList): Proof | Promise<Proof> {
    const { key } = this.#options
    if (key === undefined) return this.#fail('auth_key_missing')
    const token = bearer(headers)
    if (typeof token !== 'string') return this.#fail(token.problem)
    const known = this.#recall(token)
    if (known !== undefined) return known
    const flaw = flawOf(token)
    return flaw === undefined ? this.#verify(token, key) : this.#fail(flaw.problem)
  }

  #recall(token: string): Proof | undefined {
    const proof = this.#cache.get(token)
    if (proof === undefined) return undefined
    this.#cache.delete(token)
    if (this.#clock.wall() >= proof.validUntil) return undefined
    this.#cache.set(token, proof)
    return proof
  }

  async #verify(token: string, key: CryptoKey): Promise<Proof> {
    const { algorithm, issuer, audience, clockTolerance, requireExp, tokenType, rolesClaim } = this.#options
    const now = this.#clock.wall()
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
        ...(requireExp && { requiredClaims: ['exp'] }),
        ...(tokenType !== undefined && { typ: tokenType }),
        clockTolerance: clockTolerance / 1000,
        currentDate: new Date(now),
      })
      // A token from the future was made with a wrong clock, or to outlive its use; jose checks it with a maximum age only.
      if (payload.iat !== undefined && payload.iat * 1000 > now + clockTolerance) return this.#fail('token_invalid')
      const validUntil = this.#validUntil(payload, now)
      const proof = { verifier: this, identity: identityOf(payload, rolesClaim), validUntil }
      this.#remember(token, proof)
      return proof
    } catch (error) {
      return this.#fail(error instanceof errors.JWTExpired ? 'token_expired' : 'token_invalid')
    }
  }

  /** `exp` plus the tolerance (RFC 7519 §4.1.4), in milliseconds since the epoch. */
  #validUntil({ exp }: JWTPayload, now: number): number {
    return exp === undefined || !Number.isFinite(exp)
      ? now + NO_EXPIRY_CACHE
      : exp * 1000 + this.#options.clockTolerance
  }

  #remember(token: string, proof: Proved): void {
    const { cacheSize } = this.#options
    if (cacheSize === 0) return
    this.#cache.delete(token)
    if (this.#cache.size >= cacheSize) this.#cache.delete(this.#cache.keys().next().value!)
    this.#cache.set(token, proof)
  }

  #fail(problem: TokenProblem): Proof {
    let proof = this.#problems.get(problem)
    if (proof === undefined) {
      proof = { verifier: this, identity: undefined, problem }
      this.#problems.set(problem, proof)
    }
    return proof
  }
}
