import { duplicateMember } from '../../../core/index.ts'
import { exactJson } from './exact-json.ts'

export type Members = Readonly<Record<string, unknown>>

/** What a token says of itself, before anything of it is proved: good for choosing a key, and for nothing else. */
export interface UnverifiedToken {
  readonly header: Members
  readonly claims: Members
  /** The claims as text. */
  readonly payload: string
}

/** Longest token that is verified, in bytes. */
export const MAX_TOKEN = 8192

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a token in the compact form (RFC 7515 §7.1). Undefined if it is none: not three parts in base64url, not UTF-8, no JSON objects, or one
 * of them has two members of one name.
 */
export function unverified(token: string): UnverifiedToken | undefined {
  if (token.length > MAX_TOKEN) return undefined
  const parts = token.split('.', 4)
  const bytes = parts.map((part) => Buffer.from(part, 'base64url'))
  // Exactly as it would be written: else two texts were one token (RFC 4648 §3.5).
  if (
    parts.length !== 3 ||
    !bytes.every((decoded, i) => decoded.length > 0 && decoded.toString('base64url') === parts[i])
  )
    return undefined
  try {
    const header = membersOf(utf8.decode(bytes[0]))
    const payload = utf8.decode(bytes[1])
    const claims = membersOf(payload)
    return header === undefined || claims === undefined ? undefined : { header, claims, payload }
  } catch {
    return undefined
  }
}

function membersOf(text: string): Members | undefined {
  const value = exactJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return duplicateMember(text) === undefined ? (value as Members) : undefined
}
