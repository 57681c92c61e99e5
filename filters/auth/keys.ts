import { createHash, createPublicKey, createSecretKey, type KeyObject, type webcrypto } from 'node:crypto'
import type { Algorithm, AuthOptions } from './options.ts'

/** Length of the hash: a shorter key weakens the signature (RFC 7518 §3.2). */
const HS256_MIN_BYTES = 32
/** RFC 7518 §3.3 */
const RSA_MIN_BITS = 2048

const PARAMETERS = {
  HS256: { name: 'HMAC', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
} as const

/** A key that fits its algorithm. */
export interface VerificationKey {
  readonly key: CryptoKey
  /** Hash that tells keys apart without revealing them. */
  readonly fingerprint: string
}

type KeyOptions = Pick<AuthOptions, 'algorithm' | 'secret' | 'secret_file' | 'public_key' | 'public_key_file'>

/**
 * The key that the options name, or undefined if they name none. Throws if the key does not fit the algorithm; the message is
 * for the operator and does not hold the key.
 * @param readFile reads a file that the options name
 * @param environment variables in which HS256 looks for a secret, if the options have none
 */
export function loadKey(
  options: KeyOptions,
  readFile: (path: string) => Buffer,
  environment: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): VerificationKey | undefined {
  const { algorithm } = options
  if (algorithm !== 'HS256') {
    const material = options.public_key ?? read(options.public_key_file, readFile, 'public_key_file')
    if (material !== undefined) return prepare(algorithm, publicKey(algorithm, material))
    if (options.secret === undefined && options.secret_file === undefined) return undefined
    throw new Error(`${algorithm} verifies with a public key: set public_key or public_key_file, not a secret`)
  }
  const given = options.secret ?? read(options.secret_file, readFile, 'secret_file')?.replace(/\r?\n$/, '')
  if (given === undefined && (options.public_key !== undefined || options.public_key_file !== undefined))
    throw new Error('HS256 verifies with a shared secret: set secret or secret_file, or algorithm to RS256 or ES256')
  // An empty variable counts as unset: compose files set such variables.
  const secret = given ?? (environment.WEIR_JWT_SECRET || environment.JWT_SECRET || undefined)
  if (secret === undefined) return undefined
  if (secret === '') throw new Error('secret_file: the file is empty')
  // RFC 8725 §2.1: if a public key were used as the secret, anyone could sign.
  if (/^\s*(?:-----BEGIN |\{[^}]*"kty")/.test(secret))
    throw new Error(
      'the secret of HS256 is a key of another kind (PEM or JWK): give it as public_key with its algorithm',
    )
  const bytes = Buffer.from(secret)
  if (bytes.length < HS256_MIN_BYTES)
    warn(`the secret has ${bytes.length} bytes; HS256 needs at least ${HS256_MIN_BYTES} (RFC 7518 §3.2)`)
  return prepare(algorithm, createSecretKey(bytes))
}

function read(file: string | undefined, readFile: (path: string) => Buffer, option: string): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFile(file).toString()
  } catch (cause) {
    throw new Error(`${option}: ${(cause as Error).message}`, { cause })
  }
}

function publicKey(algorithm: 'RS256' | 'ES256', material: string): KeyObject {
  const key = material.trimStart().startsWith('{') ? fromJwk(algorithm, material) : fromPem(material)
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (algorithm === 'ES256') {
    if (type !== 'ec') throw new Error(`ES256 needs an EC key on the curve P-256; the public key is of type ${type}`)
    if (details?.namedCurve !== 'prime256v1')
      throw new Error(`ES256 needs a key on the curve P-256; the public key is on ${details?.namedCurve}`)
    return key
  }
  if (type !== 'rsa') throw new Error(`RS256 needs an RSA key; the public key is of type ${type}`)
  const bits = details?.modulusLength ?? 0
  if (bits < RSA_MIN_BITS) throw new Error(`RS256 needs ${RSA_MIN_BITS} bits or more (RFC 7518 §3.3); it has ${bits}`)
  return key
}

function fromPem(material: string): KeyObject {
  if (material.includes('PRIVATE KEY-----'))
    throw new Error(
      'public_key holds a private key: set the public key, and keep the private key where tokens are signed',
    )
  try {
    return createPublicKey(material)
  } catch {
    throw new Error('public_key is neither a PEM public key nor a JWK')
  }
}

function fromJwk(algorithm: Algorithm, material: string): KeyObject {
  let jwk: webcrypto.JsonWebKey
  try {
    jwk = JSON.parse(material) as webcrypto.JsonWebKey
  } catch {
    throw new Error('public_key looks like a JWK but is not valid JSON')
  }
  if (jwk.d !== undefined) throw new Error('public_key holds a private key: remove its private members')
  if (jwk.alg !== undefined && jwk.alg !== algorithm)
    throw new Error(`the "alg" of the JWK in public_key is not ${algorithm}`)
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new Error('the "use" of the JWK in public_key is not "sig"')
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    throw new Error('public_key is a JWK but no usable public key: expected one RSA or EC key')
  }
}

/** Imports the key once: importing costs more than verifying. */
function prepare(algorithm: Algorithm, key: KeyObject): VerificationKey {
  const bytes = key.type === 'secret' ? key.export() : key.export({ type: 'spki', format: 'der' })
  return {
    key: key.toCryptoKey(PARAMETERS[algorithm], false, ['verify']),
    fingerprint: createHash('sha256').update(bytes).digest('base64url'),
  }
}
