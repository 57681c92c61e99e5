import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import { KnownTokens, OwnTokensKey, type TokenAlgorithm, type TokenTrust } from '../../../core/index.ts'
import { FilterBench } from '../../../core/testing.ts'
import { NOW } from './support.ts'

export const OWN = 'https://gateway.example.com'
export const AUDIENCE = 'https://gateway.example.com/api'

/** A key as the gateway has it: one part signs, the other is what each process knows. */
export interface OwnKey {
  readonly kid: string
  readonly alg: TokenAlgorithm
  readonly signs: KeyObject | Uint8Array
  readonly jwk: Readonly<Record<string, unknown>>
}

export function ownKey(kid: string, alg: TokenAlgorithm = 'ES256'): OwnKey {
  if (alg.startsWith('HS')) {
    const secret = randomBytes(64)
    return { kid, alg, signs: secret, jwk: { kty: 'oct', k: secret.toString('base64url'), kid, alg } }
  }
  const { privateKey, publicKey } = pairOf(alg)
  return { kid, alg, signs: privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
}

function pairOf(alg: TokenAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  if (!alg.startsWith('ES')) return generateKeyPairSync('rsa', { modulusLength: 2048 })
  return generateKeyPairSync('ec', { namedCurve: `P-${alg === 'ES512' ? '521' : alg.slice(2)}` })
}

export const trustOf = (...keys: readonly OwnKey[]): TokenTrust => ({
  issuer: OWN,
  audience: AUDIENCE,
  algorithm: keys[0]?.alg ?? 'ES256',
  keys: keys.map(({ jwk }) => jwk),
})

/** A token as the gateway signs it, valid for a quarter of an hour; `undefined` leaves a claim out. */
export function ownToken(
  { kid, alg, signs }: OwnKey,
  claims: { readonly [name in keyof JWTPayload]?: unknown } = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const standard = { iss: OWN, aud: AUDIENCE, sub: 'ann', iat: NOW, nbf: NOW, exp: NOW + 900, jti: 'j1' }
  return new SignJWT({ ...standard, ...claims } as JWTPayload)
    .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
    .sign(signs)
}

/** A process that knows these keys, or of no tokens of its own. */
export function benchOf(...keys: readonly OwnKey[]): { bench: FilterBench; tokens: KnownTokens } {
  const tokens = new KnownTokens()
  if (keys.length > 0) tokens.learn({ trust: trustOf(...keys) }, 0)
  return { bench: new FilterBench([], [[OwnTokensKey, tokens]]), tokens }
}
