import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  randomBytes,
  type webcrypto,
} from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '../../core/index.ts'

/** A key that signs tokens, and verifies them. */
export interface SigningKey {
  readonly kid: string
  readonly algorithm: TokenAlgorithm
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** From when on nothing needs it any more; undefined while it signs, or will. Milliseconds since the Unix epoch. */
  readonly retiresAt: number | undefined
  readonly signer: KeyObject
  readonly verifier: KeyObject
  /** What verifies: the public JWK, of HS algorithms the secret; with `kid`, `alg` and `use`. */
  readonly jwk: Readonly<Record<string, unknown>>
}

/** A private JWK with what a key's file has beside it. */
export type KeyDocument = Readonly<Record<string, unknown>>

/** Length of the hash (RFC 7518 §3.2). */
const SECRET_BYTES: Readonly<Partial<Record<TokenAlgorithm, number>>> = { HS256: 32, HS384: 48, HS512: 64 }
/** RFC 7518 §3.4 */
const CURVES: Readonly<Partial<Record<TokenAlgorithm, string>>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
/** RFC 7518 §3.3 and §3.5 */
const RSA_MIN_BITS = 2048

/** RFC 9068 §2.1 */
const TYPE = 'at+jwt'

/** Whether what verifies is a secret, which is never published. */
export const isSecretAlgorithm = (algorithm: TokenAlgorithm): boolean => algorithm.startsWith('HS')

/** @param now milliseconds since the Unix epoch */
export async function newKeyDocument(algorithm: TokenAlgorithm, now: number): Promise<KeyDocument> {
  const members = { kid: randomBytes(16).toString('hex'), alg: algorithm, use: 'sig', created_at: Math.floor(now) }
  const secretBytes = SECRET_BYTES[algorithm]
  if (secretBytes !== undefined) return { kty: 'oct', k: randomBytes(secretBytes).toString('base64url'), ...members }
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: RSA_MIN_BITS })
  return { ...(await exportJWK(privateKey)), ...members }
}

/**
 * The key in a document.
 * @throws Error for the operator: what is wrong with it, without the key
 */
export async function signingKey(document: KeyDocument): Promise<SigningKey> {
  const { kid, alg, created_at: createdAt, retires_at: retiresAt } = document
  if (typeof kid !== 'string') throw new Error('"kid" is missing')
  const algorithm = TOKEN_ALGORITHMS.find((known) => known === alg)
  if (algorithm === undefined) throw new Error(`"alg" is none of ${TOKEN_ALGORITHMS.join(', ')}`)
  if (!isTime(createdAt)) throw new Error('"created_at" is no time in milliseconds')
  if (retiresAt !== undefined && !isTime(retiresAt)) throw new Error('"retires_at" is no time in milliseconds')
  const signer = isSecretAlgorithm(algorithm) ? secretOf(document, algorithm) : privateKeyOf(document, algorithm)
  const verifier = signer.type === 'secret' ? signer : createPublicKey(signer)
  const jwk = { ...verifier.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' }
  const key = { kid, algorithm, createdAt, retiresAt, signer, verifier, jwk }
  await tryOut(key)
  return key
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function secretOf({ kty, k }: KeyDocument, algorithm: TokenAlgorithm): KeyObject {
  if (kty !== 'oct' || typeof k !== 'string' || !/^[A-Za-z0-9_-]+$/.test(k))
    throw new Error(`${algorithm} needs a JWK of type "oct"`)
  const secret = Buffer.from(k, 'base64url')
  const least = SECRET_BYTES[algorithm]!
  if (secret.length < least)
    throw new Error(`the secret has ${secret.length} bytes, and ${algorithm} needs ${least} (RFC 7518 §3.2)`)
  return createSecretKey(secret)
}

function privateKeyOf(document: KeyDocument, algorithm: TokenAlgorithm): KeyObject {
  if (typeof document.d !== 'string') throw new Error('it is no private JWK')
  let key: KeyObject
  try {
    key = createPrivateKey({ key: document as webcrypto.JsonWebKey, format: 'jwk' })
  } catch {
    // The cause may quote parts of the key.
    throw new Error('its members are no private key')
  }
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  const curve = CURVES[algorithm]
  const fits =
    curve !== undefined
      ? document.kty === 'EC' && document.crv === curve
      : algorithm === 'EdDSA'
        ? key.asymmetricKeyType === 'ed25519'
        : key.asymmetricKeyType === 'rsa'
  if (!fits) throw new Error(`it is no key for ${algorithm}`)
  if (document.kty === 'RSA' && modulusLength < RSA_MIN_BITS)
    throw new Error(`an RSA key of ${modulusLength} bits, where 2048 or more are needed (RFC 7518 §3.3)`)
  return key
}

/** A damaged file can hold a private part that does not belong to its public one. */
async function tryOut(key: SigningKey): Promise<void> {
  try {
    await jwtVerify(await sign(key, {}), key.verifier)
  } catch {
    throw new Error('what it signs does not verify: its members do not belong together')
  }
}

/** An access token with these claims (RFC 9068). */
export function sign(key: SigningKey, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: key.algorithm, typ: TYPE, kid: key.kid }).sign(key.signer)
}

/**
 * The claims of an access token that one of these keys signed, and which is valid now; undefined if it is anything else.
 * @param now milliseconds since the Unix epoch
 */
export async function verified(
  token: string,
  keyOf: (kid: string) => SigningKey | undefined,
  { issuer, audience, now }: { readonly issuer: string; readonly audience: string; readonly now: number },
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid, alg }) => {
        const key = kid === undefined ? undefined : keyOf(kid)
        // RFC 8725 §3.1: each key is for one algorithm.
        if (key === undefined || key.algorithm !== alg) throw new Error('not one of these keys')
        return key.verifier
      },
      { issuer, audience, typ: TYPE, currentDate: new Date(now), requiredClaims: ['sub', 'exp', 'jti'] },
    )
    return payload
  } catch {
    return undefined
  }
}
