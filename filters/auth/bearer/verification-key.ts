import { createHash, createPublicKey, createSecretKey, type KeyObject, type webcrypto } from 'node:crypto'
import { pemBlocks, unwrapBase64 } from '../../../core/index.ts'
import { ALGORITHMS, type Algorithm, algorithmsOf } from './algorithms.ts'

/** A key that verifies the tokens of an issuer. */
export interface VerificationKey {
  /** `kid` of a JWK; undefined for other keys, which are candidates whatever `kid` a token names. */
  readonly kid: string | undefined
  readonly algorithms: readonly Algorithm[]
  readonly key: KeyObject
  /** Tells keys apart without revealing them. */
  readonly fingerprint: string
}

/** Keys of one document at most: more would be tried, or kept, for nothing. */
const MAX_KEYS = 100

type Jwk = webcrypto.JsonWebKey & { readonly kid?: unknown; readonly k?: unknown }
type Members = Readonly<Record<string, unknown>>

/** The shared secret of HS256, HS384 and HS512, which may be any bytes. */
export const secretKey = (secret: Buffer): VerificationKey => keyOf(createSecretKey(secret), undefined)

/**
 * The secret in a JWK (RFC 7518 §6.4).
 * @throws Error if it is too short for its `alg`, or none
 */
export function signingSecret({ k, kid, alg }: Members): VerificationKey {
  if (typeof k !== 'string' || typeof kid !== 'string') throw new Error('a JWK of type "oct" needs "k" and "kid"')
  return keyOf(createSecretKey(Buffer.from(k, 'base64url')), kid, alg)
}

/**
 * The public key in a JWK.
 * @throws Error that says why it can't verify
 */
export const verificationKey = (jwk: Members): VerificationKey => fromJwk(jwk as Jwk)

/** The secret in a file: editors and `echo` end it with a line break. */
export function withoutLineBreak(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length
  return bytes.subarray(0, end)
}

/**
 * The public keys in a text: PEM with one or several blocks, a JWK or a JWK set, any of them in base64.
 * @throws Error for the operator: it says what is wrong, and does not hold the key
 */
export function publicKeys(material: string): VerificationKey[] {
  const text = unwrapBase64(material)
  return text.trimStart().startsWith('{') ? jwkKeys(text) : pemKeys(text)
}

function pemKeys(text: string): VerificationKey[] {
  if (text.includes('PRIVATE KEY-----'))
    throw new Error('it holds a private key: set the public key, and keep the private key where tokens are signed')
  const blocks = pemBlocks(text)
  if (blocks.length > MAX_KEYS) throw new Error(`it holds ${blocks.length} keys, more than ${MAX_KEYS}`)
  // Keycloak and others show a key without its BEGIN and END lines.
  if (blocks.length === 0) return [bareKey(text)]
  return blocks.map((block) => {
    try {
      return keyOf(createPublicKey(block.text), undefined)
    } catch (cause) {
      if (cause instanceof KeyError) throw cause
      throw new Error(`no usable public key: its block is of type ${block.label}`, { cause })
    }
  })
}

function bareKey(text: string): VerificationKey {
  try {
    return keyOf(createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' }), undefined)
  } catch (cause) {
    if (cause instanceof KeyError) throw cause
    throw new Error('it is neither a PEM public key nor a JWK', { cause })
  }
}

function jwkKeys(text: string): VerificationKey[] {
  let document: Jwk & { readonly keys?: unknown }
  try {
    document = JSON.parse(text) as typeof document
  } catch (cause) {
    throw new Error('it looks like a JWK but is not valid JSON', { cause })
  }
  if (document.keys === undefined) return [fromJwk(document)]
  const { keys, skipped } = keySet(document)
  const [first] = skipped
  if (keys.length === 0)
    throw new Error(first === undefined ? 'the JWK set is empty' : `no key of the JWK set can be used: ${first}`)
  return keys
}

/**
 * The keys of a JWK set (RFC 7517 §5) that can verify a signature. Others are skipped, as §5 says, and so are secrets and private keys:
 * what is published must not verify.
 * @throws Error if it is no JWK set
 */
export function keySet(document: unknown): { readonly keys: VerificationKey[]; readonly skipped: readonly string[] } {
  const list: unknown =
    typeof document === 'object' && document !== null ? (document as { keys?: unknown }).keys : undefined
  if (!Array.isArray(list)) throw new Error('no JWK set: an object with the list "keys" was expected (RFC 7517 §5)')
  if (list.length > MAX_KEYS) throw new Error(`the JWK set has ${list.length} keys, more than ${MAX_KEYS}`)
  const keys: VerificationKey[] = []
  const skipped: string[] = []
  for (const entry of list as unknown[]) {
    try {
      keys.push(fromJwk(entry as Jwk))
    } catch (error) {
      skipped.push((error as Error).message)
    }
  }
  return { keys, skipped }
}

function fromJwk(jwk: Jwk): VerificationKey {
  if (typeof jwk !== 'object' || jwk === null) throw new Error('an entry is no JWK')
  if (jwk.d !== undefined) throw new Error('it holds a private key: remove its private members')
  if (jwk.kty === 'oct') throw new Error('a JWK of type "oct" is a secret, not a public key')
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new Error('the "use" of the JWK is not "sig"')
  if (Array.isArray(jwk.key_ops) && !jwk.key_ops.includes('verify'))
    throw new Error('the "key_ops" of the JWK do not have "verify"')
  if (jwk.kid !== undefined && (typeof jwk.kid !== 'string' || jwk.kid.length > 1024))
    throw new Error('the "kid" of the JWK is no text')
  let key: KeyObject
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' })
  } catch (cause) {
    throw new Error('a JWK but no usable public key: expected an RSA, EC or Ed25519 key', { cause })
  }
  return keyOf(key, jwk.kid, jwk.alg)
}

/** What the operator reads of a key that no algorithm can use. */
class KeyError extends Error {}

function keyOf(key: KeyObject, kid: string | undefined, alg?: unknown): VerificationKey {
  const fit = algorithmsOf(key)
  if ('wrong' in fit) throw new KeyError(fit.wrong)
  // RFC 8725 §3.1: a key is for one algorithm where it says so. `Ed25519` is the name of RFC 9864.
  const named = alg === 'Ed25519' ? 'EdDSA' : alg
  const algorithms = named === undefined ? fit : fit.filter((algorithm) => algorithm === named)
  if (algorithms.length === 0)
    throw new KeyError(
      `the "alg" of the JWK, ${ALGORITHMS.some((a) => a === named) ? named : 'an unknown one'}, does not fit its key`,
    )
  const bytes = key.type === 'secret' ? key.export() : key.export({ type: 'spki', format: 'der' })
  const fingerprint = createHash('sha256')
    .update(bytes)
    .update(algorithms.join())
    .update(kid ?? '')
    .digest('base64url')
  return { kid, algorithms, key, fingerprint }
}
