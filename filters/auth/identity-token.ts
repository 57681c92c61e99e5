import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Clock, FilterEnv, Identity } from '../../core/index.ts'
import { type Algorithm, algorithmsOf, isSymmetric } from './bearer/algorithms.ts'
import { withoutLineBreak } from './bearer/verification-key.ts'
import type { IdentityTokenOptions } from './identity-token-options.ts'

/** A field for the upstream. */
export type Field = readonly [name: string, value: string]

interface Made {
  readonly token: string
  /** Monotonic milliseconds. */
  readonly until: number
}

/** Signs tokens that tell the upstream who calls, so that it need trust nothing but the key. */
export class IdentityToken {
  readonly #options: IdentityTokenOptions
  readonly #key: KeyObject
  readonly #algorithm: Algorithm
  readonly #clock: Clock
  /** By identity, which all requests with the same credentials share, and audience. */
  readonly #made = new WeakMap<Identity, Map<string, Made>>()

  constructor(options: IdentityTokenOptions, key: KeyObject, algorithm: Algorithm, clock: Clock) {
    this.#options = options
    this.#key = key
    this.#algorithm = algorithm
    this.#clock = clock
  }

  /** The name of the field, and its value: at once where a token was made lately. */
  field(identity: Identity, endpoint: string): Field | Promise<Field> {
    const audience = this.#options.audience ?? endpoint
    let all = this.#made.get(identity)
    if (all === undefined) {
      all = new Map()
      this.#made.set(identity, all)
    }
    const made = all.get(audience)
    if (made !== undefined && this.#clock.now() < made.until) return this.#fieldOf(made.token)
    return this.#sign(identity, audience).then((token) => {
      all.set(audience, { token, until: this.#clock.now() + this.#options.ttl / 2 })
      return this.#fieldOf(token)
    })
  }

  #fieldOf(token: string): Field {
    const { header } = this.#options
    return [header, header.toLowerCase() === 'authorization' ? `Bearer ${token}` : token]
  }

  #sign({ subject, roles, scopes, scheme, claims }: Identity, audience: string): Promise<string> {
    const { issuer, ttl, key_id: kid } = this.#options
    const now = Math.floor(this.#clock.wall() / 1000)
    return new SignJWT({
      roles: [...roles],
      scope: scopes.join(' '),
      method: scheme,
      ...(typeof claims.iss === 'string' && { sub_iss: claims.iss }),
    })
      .setProtectedHeader({ alg: this.#algorithm, typ: 'JWT', ...(kid !== undefined && { kid }) })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + Math.ceil(ttl / 1000))
      .setSubject(subject ?? '')
      .sign(this.#key)
  }
}

/** @throws Error for the operator if the key is not usable */
export function loadIdentityToken(
  options: IdentityTokenOptions,
  env: Pick<FilterEnv, 'readFile' | 'clock'>,
): IdentityToken {
  const { secret_file: secretFile, private_key_file: keyFile, algorithm } = options
  const file = secretFile ?? keyFile!
  const bytes = env.readFile(file)
  const text = bytes.toString()
  const key = secretFile === undefined ? privateKey(text, file) : createSecretKey(withoutLineBreak(bytes))
  const fit = algorithmsOf(key)
  if ('wrong' in fit) throw new Error(`identity_token: "${file}" holds ${fit.wrong}`)
  if (algorithm !== undefined && !fit.includes(algorithm))
    throw new Error(`identity_token: ${algorithm} can't sign with the key in "${file}", which is for ${fit.join(', ')}`)
  if (secretFile !== undefined && text.includes('-----BEGIN '))
    throw new Error(`identity_token: "${file}" holds a key in PEM, not a secret`)
  const implied = isSymmetric(fit[0]!) ? 'HS256' : fit[0]!
  return new IdentityToken(options, key, algorithm ?? implied, env.clock)
}

function privateKey(text: string, file: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch {
    throw new Error(`identity_token: "${file}" is no private key in PEM`)
  }
}
