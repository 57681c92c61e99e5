// Stands for parts that come from elsewhere: removed when they are there.
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadedConfig } from '../../config/live/config-loader.ts'
import type { TokenAlgorithm, TokenSettings } from '../control/tokens.ts'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: TokenAlgorithm
  readonly createdAt: number
  readonly jwk: Readonly<Record<string, unknown>>
}

export const tokensIn = ({ settings }: LoadedConfig): TokenSettings | undefined =>
  (settings as { readonly tokens?: TokenSettings }).tokens

export function readKeys(dir: string): SigningKey[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as SigningKey)
}

export function writeNewKey(dir: string, algorithm: TokenAlgorithm, now: number): SigningKey {
  const kid = randomBytes(16).toString('base64url')
  const key: SigningKey = { kid, algorithm, createdAt: now, jwk: { ...newJwk(algorithm), kid, alg: algorithm } }
  writeFileSync(join(dir, `${kid}.json`), JSON.stringify(key), { mode: 0o600, flag: 'wx' })
  return key
}

function newJwk(algorithm: TokenAlgorithm): Record<string, unknown> {
  if (algorithm.startsWith('HS')) return { kty: 'oct', k: randomBytes(64).toString('base64url') }
  if (algorithm === 'EdDSA') return { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) }
  if (!algorithm.startsWith('ES'))
    return { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }) }
  const namedCurve = `P-${algorithm === 'ES512' ? '521' : algorithm.slice(2)}`
  return { ...generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' }) }
}

export const privateKeyOf = ({ jwk }: SigningKey) => createPrivateKey({ key: jwk as never, format: 'jwk' })
