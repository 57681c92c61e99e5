import { BoundedWork, type Clock, type Exchange, isThenable } from '../../../core/index.ts'
import type { AuthMethod, Patience, Problem, Proving, Unproved } from '../auth-method.ts'
import { type CredentialSource, credentialsIn } from '../credential-sources.ts'
import type { Issuer } from './issuer.ts'
import type { Candidates } from './issuer-keys.ts'
import type { OwnIssuer } from './own-issuer.ts'
import { ProofCache, type Remembered } from './proof-cache.ts'
import { MAX_TOKEN, type UnverifiedToken, unverified } from './unverified-token.ts'
import type { VerificationKey } from './verification-key.ts'

/** b64token of RFC 6750 §2.1. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

/**
 * A verification takes a thread for 50 µs. With 32 at a time, a flood of invalid tokens has four threads busy, which take the processor from the event
 * loop: p99 of requests with known tokens was nine times as long (measured); with two it is their turn after every two of the flood.
 */
const AT_ONCE = 2
const MOST_WAITING = 1000

export interface BearerOptions {
  readonly issuers: readonly Issuer[]
  /** Beside them; undefined: tokens that the gateway issued itself do not count. */
  readonly own?: OwnIssuer | undefined
  readonly sources: readonly CredentialSource[]
  /** Tokens that are remembered; 0: none. */
  readonly cacheSize: number
}

/** Bearer tokens that are JSON Web Tokens (RFC 6750, RFC 7519). */
export class BearerMethod implements AuthMethod {
  readonly name = 'bearer'
  readonly sources: readonly CredentialSource[]
  readonly #named = new Map<string, Issuer>()
  /** The one that takes tokens of whatever issuer. */
  readonly #any: Issuer | undefined
  readonly #own: OwnIssuer | undefined
  readonly #clock: Clock
  readonly #cache: ProofCache
  readonly #work = new BoundedWork(AT_ONCE, MOST_WAITING)
  readonly #problems = new Map<Problem, Unproved>()

  constructor({ issuers, own, sources, cacheSize }: BearerOptions, clock: Clock) {
    this.sources = sources
    this.#own = own
    this.#clock = clock
    this.#cache = new ProofCache(this, cacheSize)
    for (const issuer of issuers) {
      const { issuer: name } = issuer.options
      if (name !== undefined) this.#named.set(name, issuer)
    }
    this.#any = issuers.find(({ options }) => options.issuer === undefined)
  }

  prove(x: Exchange, patience: Patience): Proving {
    if (this.#any === undefined && this.#named.size === 0 && this.#own?.issuer === undefined)
      return this.#fail('auth_key_missing')
    const token = credentialsIn(x, this.sources)
    if (token === undefined) return this.#fail('token_missing')
    if (typeof token !== 'string') return this.#fail(token.problem)
    const known = this.#cache.get(token, this.#clock.wall())
    if (known !== undefined) return this.#unlessRevoked(known)
    if (token.length > MAX_TOKEN) return this.#fail('token_invalid')
    if (!B64TOKEN.test(token)) return this.#fail('credentials_malformed')
    return this.#verify(token, patience)
  }

  #verify(token: string, patience: Patience): Proving {
    const parts = unverified(token)
    if (parts === undefined) return this.#fail('token_invalid')
    const issuer = this.#issuerOf(parts)
    const keys = issuer?.candidates(parts) ?? NONE
    if (isThenable(keys)) {
      if (patience === 'none' || (patience === 'short' && issuer?.keys.available !== true)) return undefined
      return keys.then((found) => this.#withKeys(token, parts, issuer, found, patience))
    }
    return this.#withKeys(token, parts, issuer, keys, patience)
  }

  #withKeys(
    token: string,
    parts: UnverifiedToken,
    issuer: Issuer | undefined,
    keys: Candidates,
    patience: Patience,
  ): Proving {
    if (keys === 'unavailable') return this.#fail('issuer_unavailable')
    if (issuer === undefined || keys.length === 0) return this.#fail('token_invalid')
    const work = this.#work.run(() => issuer.verify(token, parts, keys, this.#clock.wall()))
    if (work === undefined) return this.#fail('auth_overloaded')
    return work.then((result) => {
      if (result === 'unsigned') return this.#again(token, parts, issuer, keys, patience)
      if (typeof result === 'string') return this.#fail(result)
      return this.#unlessRevoked(this.#cache.set(token, result, parts.payload))
    })
  }

  /** Once more, if the issuer has other keys than those that were tried. */
  #again(
    token: string,
    parts: UnverifiedToken,
    issuer: Issuer,
    tried: readonly VerificationKey[],
    patience: Patience,
  ): Proving {
    const renewed = issuer.renewed(parts, tried)
    if (renewed === undefined) return this.#fail('token_invalid')
    if (patience === 'none') return undefined
    return renewed.then((keys) =>
      keys !== 'unavailable' && keys.every((key) => tried.includes(key))
        ? this.#fail('token_invalid')
        : this.#withKeys(token, parts, issuer, keys, patience),
    )
  }

  /** It may have been revoked since it was proved, also while that went on. */
  #unlessRevoked(proof: Remembered): Remembered | Unproved {
    return proof.issuer.revoked(proof.identity.claims) ? this.#fail('token_revoked') : proof
  }

  /** By `iss`, which is not proved yet: it only chooses whose keys must prove the rest. */
  #issuerOf({ claims }: UnverifiedToken): Issuer | undefined {
    const own = this.#own?.issuer
    if (own !== undefined && claims.iss === own.options.issuer) return own
    return (typeof claims.iss === 'string' ? this.#named.get(claims.iss) : undefined) ?? this.#any
  }

  #fail(problem: Problem): Unproved {
    let proof = this.#problems.get(problem)
    if (proof === undefined) {
      proof = { by: this, identity: undefined, problem }
      this.#problems.set(problem, proof)
    }
    return proof
  }
}

const NONE: Candidates = []
