import { equalsIgnoreCase, type HeaderList } from '../../core/index.ts'

/** Longest token that is looked at, in bytes. */
export const MAX_TOKEN = 8192

/** b64token of RFC 6750 §2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

/** Why a request has no bearer token to verify. */
export interface Flaw {
  readonly problem: 'token_missing' | 'credentials_malformed' | 'token_invalid'
}

const missing: Flaw = { problem: 'token_missing' }
const malformed: Flaw = { problem: 'credentials_malformed' }
const tooLong: Flaw = { problem: 'token_invalid' }

/**
 * What stands behind `Authorization: Bearer` (RFC 6750 §2.1; the scheme in any case, RFC 9110 §11.1), to be checked by
 * `flawOf`. Another scheme counts as missing: another filter may know it. A repeated field is malformed (RFC 6750 §3.1),
 * whatever it says.
 */
export function bearer(headers: HeaderList): string | Flaw {
  const { raw } = headers
  let value: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    if (!equalsIgnoreCase(raw[i]!, 'authorization')) continue
    if (value !== undefined) return malformed
    value = raw[i + 1]!
  }
  if (value === undefined || !isBearer(value)) return missing
  let start = 6
  while (value.charCodeAt(start) === 0x20) start++
  return value.slice(start)
}

/** What is wrong with the form of a token; undefined if nothing is. Apart from `bearer`: known tokens need no check. */
export function flawOf(token: string): Flaw | undefined {
  if (token.length > MAX_TOKEN) return tooLong
  return TOKEN.test(token) ? undefined : malformed
}

function isBearer(value: string): boolean {
  if (value.length > 6 && value.charCodeAt(6) !== 0x20) return false
  return value.startsWith('Bearer') || value.slice(0, 6).toLowerCase() === 'bearer'
}
