import type { KeyObject } from 'node:crypto'

/** The algorithms of RFC 7518 §3.1 that sign, without `none`, and EdDSA of RFC 8037. */
export const ALGORITHMS = [
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
export type Algorithm = (typeof ALGORITHMS)[number]

/** RFC 7518 §3.3 and §3.5 */
const RSA_MIN_BITS = 2048

/** Length of the hash: a shorter secret weakens the signature (RFC 7518 §3.2). */
export const SECRET_BYTES: Readonly<Partial<Record<Algorithm, number>>> = { HS256: 32, HS384: 48, HS512: 64 }

/** RFC 7518 §3.4, by the names that Node gives the curves. */
const CURVES: Readonly<Record<string, Algorithm>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }

const RSA: readonly Algorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

export const isSymmetric = (algorithm: Algorithm): boolean => algorithm.startsWith('HS')

/** The algorithms that a public key, or a secret, can be used with; or what is wrong with it, for the operator. */
export function algorithmsOf(key: KeyObject): readonly Algorithm[] | { readonly wrong: string } {
  if (key.type === 'secret') {
    const bytes = key.symmetricKeySize ?? 0
    const fit = ALGORITHMS.filter((algorithm) => bytes >= (SECRET_BYTES[algorithm] ?? Infinity))
    return fit.length > 0 ? fit : { wrong: `a secret of ${bytes} bytes, where HS256 needs 32 or more (RFC 7518 §3.2)` }
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve, modulusLength: bits = 0 } = {} } = key
  if (type === 'rsa')
    return bits >= RSA_MIN_BITS
      ? RSA
      : { wrong: `an RSA key of ${bits} bits, where 2048 or more are needed (RFC 7518 §3.3)` }
  if (type === 'ed25519') return ['EdDSA']
  const algorithm = type === 'ec' ? CURVES[namedCurve ?? ''] : undefined
  if (algorithm !== undefined) return [algorithm]
  return {
    wrong:
      type === 'ec'
        ? `an EC key on ${namedCurve}, which no algorithm uses`
        : `a key of type ${type}, which no algorithm uses`,
  }
}
