import { createHash, createPublicKey, createSecretKey, type KeyObject, type webcrypto } from 'node:crypto'
import { pemBlocks, unwrapBase64 } from '../../core/index.ts'
import type { Algorithm, AuthOptions } from './options.ts'

/** Length of the hash: a shorter key weakens the signature (RFC 7518 §3.2). */
const HS256_MIN_BYTES = 32
/** RFC 7518 §3.3 */
const RSA_MIN_BITS = 2048
const MAKE_SECRET = 'make one with "openssl rand -base64 48"'

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
  const variable = (['WEIR_JWT_SECRET', 'JWT_SECRET'] as const).find((name) => environment[name])
  const secret = given ?? (variable && environment[variable])
  if (secret === undefined) return undefined
  checkSecret(secret)
  // Not that of `secret`: its references are the configuration's to warn about.
  if (options.secret === undefined && /\s$/.test(secret))
    warn(
      `${given === undefined ? variable : 'secret_file'} ends in white space, which is part of the secret then: remove it, unless the signer uses it too`,
    )
  return prepare(algorithm, createSecretKey(Buffer.from(secret)))
}

function checkSecret(secret: string): void {
  if (secret === '') throw new Error('secret_file: the file is empty')
  if (secret.trim() === '') throw new Error(`the secret of HS256 is white space alone: ${MAKE_SECRET}`)
  // RFC 8725 §2.1: if a public key were used as the secret, anyone could sign.
  const kind = /^\s*(?:(-----BEGIN )|\{\s*("keys")|\{[^}]*"kty")/.exec(unwrapBase64(secret))
  if (kind !== null) {
    const name = kind[1] ? 'PEM' : kind[2] ? 'a JWK set' : 'a JWK'
    throw new Error(
      `the secret of HS256 is a key of another kind (${name}): give the public key as public_key with its algorithm`,
    )
  }
  const { length } = Buffer.from(secret)
  if (length < HS256_MIN_BYTES)
    throw new Error(
      `the secret has ${length} bytes; HS256 needs at least ${HS256_MIN_BYTES} (RFC 7518 §3.2): ${MAKE_SECRET}`,
    )
}

function read(file: string | undefined, readFile: (path: string) => Buffer, option: string): string | undefined {
  return file === undefined ? undefined : within(option, () => readFile(file).toString())
}

function publicKey(algorithm: 'RS256' | 'ES256', material: string): KeyObject {
  const text = unwrapBase64(material)
  const key = text.trimStart().startsWith('{') ? fromJwk(algorithm, text) : fromPem(text)
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve, modulusLength: bits = 0 } = {} } = key
  if (algorithm === 'ES256') {
    if (type !== 'ec') throw new Error(`ES256 needs an EC key on the curve P-256; the public key is of type ${type}`)
    if (namedCurve !== 'prime256v1')
      throw new Error(`ES256 needs a key on the curve P-256; the public key is on ${namedCurve}`)
    return key
  }
  if (type !== 'rsa') throw new Error(`RS256 needs an RSA key; the public key is of type ${type}`)
  if (bits < RSA_MIN_BITS) throw new Error(`RS256 needs ${RSA_MIN_BITS} bits or more (RFC 7518 §3.3); it has ${bits}`)
  return key
}

function fromPem(material: string): KeyObject {
  if (material.includes('PRIVATE KEY-----'))
    throw new Error(
      'public_key holds a private key: set the public key, and keep the private key where tokens are signed',
    )
  const [block] = within('public_key', () => pemBlocks(material))
  try {
    if (block !== undefined) return createPublicKey(block.text)
    // Keycloak and others show a key without its BEGIN and END lines.
    return createPublicKey({ key: Buffer.from(material, 'base64'), format: 'der', type: 'spki' })
  } catch {
    const what =
      block === undefined
        ? 'neither a PEM public key nor a JWK'
        : `no usable public key: its block is of type ${block.label}`
    throw new Error(`public_key is ${what}`)
  }
}

/** @throws the same error, with the option it is about */
function within<T>(option: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Error(`${option}: ${(cause as Error).message}`, { cause })
  }
}

function fromJwk(algorithm: Algorithm, material: string): KeyObject {
  let jwk: webcrypto.JsonWebKey
  try {
    jwk = JSON.parse(material) as webcrypto.JsonWebKey
  } catch {
    throw new Error('public_key looks like a JWK but is not valid JSON')
  }
  if (Array.isArray((jwk as { keys?: unknown }).keys))
    throw new Error(
      'public_key is a JWK set ("keys": RFC 7517 §5), not one key: give the one key of it that signs, without the list around it',
    )
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
