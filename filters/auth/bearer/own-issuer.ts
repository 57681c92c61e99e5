import { type OwnTokens, TOKEN_ALGORITHMS, type TokenTrust } from '../../../core/index.ts'
import { Issuer } from './issuer.ts'
import { OwnKeys } from './own-keys.ts'

/** Processes of one gateway may run on several machines; milliseconds. */
const CLOCK_TOLERANCE_MS = 5000

/** The gateway itself as an issuer of tokens. What it tells of its keys, and of itself, counts at once. */
export class OwnIssuer {
  readonly #tokens: OwnTokens
  readonly #keys: OwnKeys
  #of: TokenTrust | undefined
  #issuer: Issuer | undefined

  constructor(tokens: OwnTokens) {
    this.#tokens = tokens
    this.#keys = new OwnKeys(tokens)
  }

  /** Undefined: the gateway issues no tokens. */
  get issuer(): Issuer | undefined {
    const { trust } = this.#tokens
    if (trust === this.#of) return this.#issuer
    if (trust === undefined) this.#issuer = undefined
    else if (trust.issuer !== this.#of?.issuer || trust.audience !== this.#of.audience)
      this.#issuer = new Issuer(optionsOf(trust), this.#keys, this.#tokens)
    this.#of = trust
    return this.#issuer
  }

  /** For `explain`: the algorithms of the keys that count, and where they come from. */
  get described(): readonly {
    readonly issuer: string
    readonly algorithms: readonly string[]
    readonly source: string
  }[] {
    const { trust } = this.#tokens
    if (trust === undefined) return []
    const { issuer, algorithm, keys } = trust
    const algorithms = keys.length === 0 ? [algorithm] : keys.map(({ alg }) => String(alg))
    return [{ issuer, algorithms, source: 'tokens of this gateway' }]
  }
}

/** RFC 9068 §4. Which algorithm counts is a matter of each key. */
const optionsOf = ({ issuer, audience }: TokenTrust): Issuer['options'] => ({
  issuer,
  algorithms: TOKEN_ALGORITHMS,
  audience: [audience],
  clockTolerance: CLOCK_TOLERANCE_MS,
  // Without `jti` nobody could revoke it.
  requiredClaims: ['sub', 'iat', 'exp', 'jti'],
  tokenType: 'at+jwt',
  maxAge: undefined,
  claims: [],
  subjectClaim: 'sub',
  rolesClaim: ['roles'],
  scopesClaim: ['scope'],
})
