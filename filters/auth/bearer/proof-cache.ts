import { hash } from 'node:crypto'
import type { AuthMethod, Proved } from '../auth-method.ts'
import { exactJson } from './exact-json.ts'
import type { Issuer, Verified } from './issuer.ts'
import type { Members } from './unverified-token.ts'
import type { VerificationKey } from './verification-key.ts'

/** Entries that were used lately; those that were not leave. Reading one that is young writes nothing. */
class Generations<V> {
  readonly #each: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  /** @param most entries at most, 2 or more */
  constructor(most: number) {
    this.#each = Math.max(1, Math.floor(most / 2))
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, value: V): void {
    this.#old.delete(key)
    if (this.#young.size >= this.#each && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}

/** Entries that were used lately, as many as there is room for; the one that was not used for the longest time leaves. */
class LeastRecentlyUsed<V> {
  readonly #most: number
  readonly #entries = new Map<string, V>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#most) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, value)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}

/** So many proofs are kept by the token itself; further ones by its hash, with the claims as text, in a fifth of the memory. */
const HOT = 1024

/** A proof with what it rests on. */
export interface Remembered extends Proved, Verified {
  readonly identity: Verified['identity']
}

interface Kept {
  readonly issuer: Issuer
  readonly key: VerificationKey
  readonly payload: string
  readonly validUntil: number
}

/** Valid tokens that were seen lately, until they expire or their issuer withdraws the key. */
export class ProofCache {
  readonly #by: AuthMethod
  readonly #hot: Generations<Remembered> | undefined
  readonly #cold: LeastRecentlyUsed<Kept> | undefined

  /**
   * @param by who makes the proofs
   * @param size tokens at most; 0: none
   */
  constructor(by: AuthMethod, size: number) {
    this.#by = by
    this.#hot = size === 0 ? undefined : new Generations(Math.min(size, HOT))
    this.#cold = size > HOT ? new LeastRecentlyUsed(size) : undefined
  }

  /** @param now milliseconds since the epoch */
  get(token: string, now: number): Remembered | undefined {
    const hot = this.#hot?.get(token)
    if (hot !== undefined) {
      if (counts(hot, now)) return hot
      this.#hot?.delete(token)
    }
    return this.#cold === undefined ? undefined : this.#warm(token, now)
  }

  /** Keeps what a token has proved, and returns it as a proof. */
  set(token: string, verified: Verified, payload: string): Remembered {
    const proof = { ...verified, by: this.#by }
    this.#hot?.set(token, proof)
    const { issuer, key, validUntil } = verified
    this.#cold?.set(digest(token), { issuer, key, payload, validUntil })
    return proof
  }

  #warm(token: string, now: number): Remembered | undefined {
    const name = digest(token)
    const kept = this.#cold!.get(name)
    if (kept === undefined) return undefined
    if (!counts(kept, now)) {
      this.#cold!.delete(name)
      return undefined
    }
    const verified = kept.issuer.verified(kept.key, exactJson(kept.payload) as Members, now)
    const proof = { ...verified, validUntil: kept.validUntil, by: this.#by }
    this.#hot!.set(token, proof)
    return proof
  }
}

const counts = ({ issuer, key, validUntil }: Pick<Verified, 'issuer' | 'key' | 'validUntil'>, now: number): boolean =>
  now < validUntil && issuer.keys.holds(key)

/** Who finds another token of the same hash breaks SHA-256. */
const digest = (token: string): string => hash('sha256', token, 'buffer').toString('latin1')
