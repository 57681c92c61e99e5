import type { Algorithm } from './algorithms.ts'
import type { VerificationKey } from './verification-key.ts'

/** Keys that a token may be signed with, those that fit best first; or `unavailable`: nobody knows at present. */
export type Candidates = readonly VerificationKey[] | 'unavailable'

/** What a token says of its key. */
export interface Wanted {
  readonly kid: string | undefined
  readonly algorithm: Algorithm
  /** `iat`, as it claims; milliseconds since the epoch. */
  readonly issuedAt: number
}

/** The keys of one issuer. */
export interface IssuerKeys {
  /** Whether there are keys that count. */
  readonly available: boolean
  /** The keys for such a token: at once where they are known. Never rejects. */
  candidates(wanted: Wanted): Candidates | Promise<Candidates>
  /**
   * Other keys than those that were tried in vain: what came meanwhile, or comes when the issuer is asked again. It may have replaced a key under
   * the same name, or one without a name. Undefined: there is no reason to ask, or it was done lately. Never rejects.
   */
  renewed(wanted: Wanted, tried: readonly VerificationKey[]): Promise<Candidates> | undefined
  /** Whether a key is still one of them. What it has verified counts no longer than that. */
  holds(key: VerificationKey): boolean
}

/** So many keys are tried on one token, which names none of them, or one of several without a name. */
const MAX_TRIED = 8

/** RFC 7515 §4.1.4: with a `kid`, the keys of that name; keys without a name can be any. Without one, all that fit the algorithm. */
export function candidatesAmong(
  keys: Iterable<VerificationKey>,
  kid: string | undefined,
  algorithm: Algorithm,
): readonly VerificationKey[] {
  const found: VerificationKey[] = []
  for (const key of keys) {
    if (!key.algorithms.includes(algorithm) || (kid !== undefined && key.kid !== undefined && key.kid !== kid)) continue
    found.push(key)
    if (found.length === MAX_TRIED) break
  }
  return found
}

/** Keys that the configuration holds. */
export class StaticKeys implements IssuerKeys {
  readonly available = true
  readonly #keys: readonly VerificationKey[]

  constructor(keys: readonly VerificationKey[]) {
    this.#keys = keys
  }

  candidates({ kid, algorithm }: Wanted): readonly VerificationKey[] {
    return candidatesAmong(this.#keys, kid, algorithm)
  }

  renewed(): undefined {}

  holds(): boolean {
    return true
  }
}
