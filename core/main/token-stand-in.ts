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
import { crc32 } from 'node:zlib'
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

/** Records that were written at one time, with the wall clock of then, in milliseconds since the Unix epoch. */
export interface LogFrame<R> {
  readonly sequence: number
  readonly at: number
  readonly records: readonly R[]
}

/** Every frame begins so; the number is the version of the form. */
const MARK = 'W1 '
const HEAD = /^W1 (\d{1,15}) (\d{1,9}) ([0-9a-f]{8}) /
const LONGEST_HEAD = 40
const LINE_BREAK = 0x0a

/** A frame as a line: mark, sequence, length and checksum of what follows, then JSON. */
export function frameBytes<R>({ sequence, at, records }: LogFrame<R>): Buffer {
  const body = Buffer.from(JSON.stringify({ at, records }))
  const check = crc32(body, sequence % 2 ** 32)
    .toString(16)
    .padStart(8, '0')
  return Buffer.concat([Buffer.from(`${MARK}${sequence} ${body.length} ${check} `), body, Buffer.from('\n')])
}

/** The frame that begins there, and where it ends; undefined if none does that is whole. */
export function frameAt<R>(
  bytes: Buffer,
  start: number,
): { readonly frame: LogFrame<R>; readonly end: number } | undefined {
  const head = HEAD.exec(bytes.toString('latin1', start, start + LONGEST_HEAD))
  if (head === null) return undefined
  const [all, sequence, length, check] = head
  const from = start + all.length
  const to = from + Number(length)
  // Unsigned, and begun with the sequence: a frame at another place does not pass for this one.
  if (
    bytes[to] !== LINE_BREAK ||
    crc32(bytes.subarray(from, to), Number(sequence) % 2 ** 32) !== Number.parseInt(check!, 16)
  )
    return undefined
  try {
    const { at, records } = JSON.parse(bytes.toString('utf8', from, to)) as LogFrame<R>
    return { frame: { sequence: Number(sequence), at, records }, end: to + 1 }
  } catch {
    return undefined
  }
}

/** A refresh token family: what one login may renew. Times are milliseconds since the Unix epoch. Plain data. */
export interface SessionData {
  /** Of the refresh tokens; nothing else shows it. */
  readonly id: string
  /** Of the access tokens: their claim `sid`. */
  readonly sid: string
  readonly subject: string
  /** The application that logged the user in, which alone may renew; undefined: the user alone. */
  readonly client: string | undefined
  readonly scopes: readonly string[]
  /** Changes with the user's password. */
  readonly stamp: string
  readonly expires: number
  /** Of the refresh token that is valid. */
  generation: number
  /** When the last access token is over. */
  tokensUntil: number
  /** Set when it was revoked: how long that matters. */
  ended: number | undefined
}

/** What the log of tokens holds. Plain data. */
export type TokenRecord =
  | { readonly t: 'head'; readonly version: 1; readonly secret: string }
  | { readonly t: 'open'; readonly session: SessionData }
  | { readonly t: 'turn'; readonly id: string; readonly generation: number; readonly tokensUntil: number }
  | { readonly t: 'end'; readonly id: string; readonly until: number }
  | { readonly t: 'jti'; readonly id: string; readonly subject: string; readonly until: number }
