import type { OwnTokens, TokenTrust } from '../../../core/index.ts'
import { type Candidates, candidatesAmong, type IssuerKeys, type Wanted } from './issuer-keys.ts'
import { signingSecret, type VerificationKey, verificationKey } from './verification-key.ts'

const NONE: ReadonlySet<VerificationKey> = new Set()

/**
 * The keys of the tokens that the gateway issues itself, as they are at each moment: they change without a reload. Each key verifies with its own
 * algorithm alone. A token must name its key.
 */
export class OwnKeys implements IssuerKeys {
  readonly #tokens: OwnTokens
  /** What the keys are made of. */
  #of: TokenTrust | undefined
  #keys = NONE

  constructor(tokens: OwnTokens) {
    this.#tokens = tokens
  }

  get available(): boolean {
    return this.#current().size > 0
  }

  candidates({ kid, algorithm }: Wanted): Candidates {
    const keys = this.#current()
    if (keys.size === 0) return 'unavailable'
    return kid === undefined ? [] : candidatesAmong(keys, kid, algorithm)
  }

  /** A key that came while others were tried. */
  renewed(wanted: Wanted, tried: readonly VerificationKey[]): Promise<Candidates> | undefined {
    const known = this.candidates(wanted)
    return known !== 'unavailable' && known.some((key) => !tried.includes(key)) ? Promise.resolve(known) : undefined
  }

  holds(key: VerificationKey): boolean {
    return this.#current().has(key)
  }

  /** Keys that stay are the same objects, so that what they have verified still counts. */
  #current(): ReadonlySet<VerificationKey> {
    const { trust } = this.#tokens
    if (trust === this.#of) return this.#keys
    // Those of another issuer or audience have verified other things.
    const stays = trust?.issuer === this.#of?.issuer && trust?.audience === this.#of?.audience
    const known = new Map(stays ? [...this.#keys].map((key) => [key.fingerprint, key]) : [])
    this.#of = trust
    this.#keys = new Set((trust?.keys ?? []).flatMap(keyOf).map((key) => known.get(key.fingerprint) ?? key))
    return this.#keys
  }
}

/** None of a key without a name, without an algorithm, or that nobody can verify with: its tokens are refused. */
function keyOf(jwk: Readonly<Record<string, unknown>>): VerificationKey[] {
  if (typeof jwk.kid !== 'string' || typeof jwk.alg !== 'string') return []
  try {
    return [jwk.kty === 'oct' ? signingSecret(jwk) : verificationKey(jwk)]
  } catch {
    return []
  }
}
