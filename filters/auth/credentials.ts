import { equalsIgnoreCase, type HeaderList } from '../../core/index.ts'

/** Longest token that is verified, in bytes. */
export const MAX_TOKEN = 8192

/** b64token of RFC 6750 §2.1. */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

/** Why a request has no bearer token to verify. */
export interface Flaw {
  readonly problem: 'token_missing' | 'credentials_malformed' | 'token_invalid'
}

const missing: Flaw = { problem: 'token_missing' }
const malformed: Flaw = { problem: 'credentials_malformed' }
const tooLong: Flaw = { problem: 'token_invalid' }

/**
 * The token of `Authorization: Bearer` (RFC 6750 §2.1; the scheme in upper or lower case, RFC 9110 §11.1); `flawOf` checks its
 * form. Another scheme counts as missing, since another filter may know it. A repeated field is malformed, whatever its values
 * (RFC 6750 §3.1).
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

/** Error in the form of a token; undefined if there is none. Separate from `bearer`, because known tokens need no check. */
export function flawOf(token: string): Flaw | undefined {
  if (token.length > MAX_TOKEN) return tooLong
  return BEARER_TOKEN.test(token) ? undefined : malformed
}

function isBearer(value: string): boolean {
  if (value.length > 6 && value.charCodeAt(6) !== 0x20) return false
  return value.startsWith('Bearer') || value.slice(0, 6).toLowerCase() === 'bearer'
}
