// Stands for parts that come from elsewhere: removed when they are there.
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JWTPayload, SignJWT } from 'jose'
import type { LoadedConfig } from '../../config/live/config-loader.ts'
import type { TokenAlgorithm, TokenSettings } from '../control/tokens.ts'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: TokenAlgorithm
  readonly createdAt: number
  readonly retiresAt: number | undefined
  readonly signer: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
}

export const tokensIn = ({ settings }: LoadedConfig): TokenSettings | undefined =>
  (settings as { readonly tokens?: TokenSettings }).tokens

export async function readKeys(dir: string): Promise<SigningKey[]> {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith('.json'))
      .map((name) => keyOf(JSON.parse(readFileSync(join(dir, name), 'utf8'))))
      .sort((a, b) => a.createdAt - b.createdAt)
  } catch (cause) {
    throw new Error(`cannot read the folder of keys "${dir}": ${(cause as Error).message}`, { cause })
  }
}

export async function writeNewKey(dir: string, algorithm: TokenAlgorithm, now: number): Promise<SigningKey> {
  const kid = randomBytes(16).toString('hex')
  const document = { ...newJwk(algorithm), kid, alg: algorithm, created_at: now }
  writeFileSync(join(dir, `${kid}.json`), JSON.stringify(document), { mode: 0o600, flag: 'wx' })
  return keyOf(document)
}

export const signerOf = (keys: readonly SigningKey[], _algorithm: TokenAlgorithm, now: number): SigningKey =>
  keys.findLast(({ createdAt }) => createdAt + 300_000 <= now) ?? keys[0]!

export const sign = (key: SigningKey, claims: JWTPayload): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid }).sign(key.signer)

// biome-ignore lint/suspicious/noExplicitAny: goes with the file
function keyOf(document: any): SigningKey {
  const { kid, alg, created_at: createdAt } = document
  const secret = document.kty === 'oct'
  const signer = secret
    ? createSecretKey(Buffer.from(document.k, 'base64url'))
    : createPrivateKey({ key: document, format: 'jwk' })
  const verifier = secret ? signer : createPublicKey(signer)
  const jwk = { ...verifier.export({ format: 'jwk' }), kid, alg, use: 'sig' }
  return { kid, algorithm: alg, createdAt, retiresAt: undefined, signer, jwk }
}

function newJwk(algorithm: TokenAlgorithm): Record<string, unknown> {
  if (algorithm.startsWith('HS')) return { kty: 'oct', k: randomBytes(64).toString('base64url') }
  if (algorithm === 'EdDSA') return { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) }
  if (!algorithm.startsWith('ES'))
    return { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }) }
  const namedCurve = `P-${algorithm === 'ES512' ? '521' : algorithm.slice(2)}`
  return { ...generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' }) }
}
