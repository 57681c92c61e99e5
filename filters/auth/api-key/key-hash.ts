import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'
import { withoutLineBreak } from '../bearer/verification-key.ts'

/** How keys are hashed: SHA-256, or HMAC-SHA-256 (RFC 2104) with a secret that is not in the list of keys. */
export type HashKind = 'sha256' | 'hmac-sha256'

/** What the list of keys holds in place of a key. */
export interface KeyHash {
  readonly kind: HashKind
  /** 32 bytes. */
  readonly digest: Buffer
}

/** A hash as text: its kind, and 32 bytes in hexadecimal or base64 of either alphabet. */
export const KEY_HASH = /^(?:hmac-)?sha256:(?:[0-9A-Fa-f]{64}|[A-Za-z0-9+/_-]{43}=?)$/

/** Length of the hash: a shorter secret weakens it (RFC 2104 §3). */
const SECRET_MIN_BYTES = 32

/** Characters that a key may have: visible ASCII, which passes a header, a cookie and a shell without change. */
const KEY = /^[\x21-\x7e]{8,512}$/
export const KEY_FORM = 'a key has 8 to 512 characters of visible ASCII, without spaces'

export const isKey = (text: string): boolean => KEY.test(text)

/** Undefined if the text is no hash. */
export function parseKeyHash(text: string): KeyHash | undefined {
  if (!KEY_HASH.test(text)) return undefined
  const colon = text.indexOf(':')
  const value = text.slice(colon + 1)
  return {
    kind: text.slice(0, colon) as HashKind,
    digest: Buffer.from(value, value.length === 64 ? 'hex' : 'base64'),
  }
}

/** @param secret for `hmac-sha256`, which can't do without */
export function digestOfKey(key: string, kind: HashKind, secret: KeyObject | undefined): Buffer {
  return kind === 'sha256' ? hash('sha256', key, 'buffer') : createHmac('sha256', secret!).update(key).digest()
}

/** The hash of a key as text: with the secret if there is one, else without. */
export function hashText(key: string, secret: KeyObject | undefined): string {
  const kind = secret === undefined ? 'sha256' : 'hmac-sha256'
  return `${kind}:${digestOfKey(key, kind, secret).toString('base64url')}`
}

/**
 * The secret in the bytes of its file. One line break at the end is no part of it.
 * @throws Error in words for the operator, without the secret
 */
export function secretOf(bytes: Buffer): KeyObject {
  const secret = withoutLineBreak(bytes)
  if (secret.length < SECRET_MIN_BYTES)
    throw new Error(
      `the secret has ${secret.length} bytes and needs at least ${SECRET_MIN_BYTES}: make one with "openssl rand -base64 48"`,
    )
  return createSecretKey(secret)
}
