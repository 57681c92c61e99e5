import type { Exchange, Identity } from '../../core/index.ts'
import { claimAt } from './bearer/claim-names.ts'

/** Longest value of a field, in characters. */
const LONGEST = 4096

const NAMED: Readonly<Record<string, (identity: Identity) => unknown>> = {
  sub: ({ subject }) => subject,
  roles: ({ roles }) => roles,
  scopes: ({ scopes }) => scopes,
  method: ({ scheme }) => scheme,
}

/**
 * Sets fields with the identity, for the upstream. What the identity does not have is left out.
 * @param fields names of fields, and of what they hold: `sub`, `roles`, `scopes`, `method`, or a claim
 * @returns false if a value is too long to be sent
 */
export function setIdentityFields(
  x: Exchange,
  identity: Identity,
  fields: readonly (readonly [string, string])[],
): boolean {
  for (const [field, what] of fields) {
    const named = Object.hasOwn(NAMED, what) ? NAMED[what] : undefined
    const value = fieldValue(named === undefined ? claimAt(identity.claims, what) : named(identity))
    if (value === undefined) continue
    if (value.length > LONGEST) return false
    x.request.headers.set(field, value)
  }
  return true
}

/** Texts, numbers, true and false, and lists of them, joined by commas; undefined for anything else, and for an empty list. */
export function fieldValue(value: unknown): string | undefined {
  const parts = (Array.isArray(value) ? (value as unknown[]) : [value]).map(partOf)
  return parts.length === 0 || parts.includes(undefined) ? undefined : parts.join(',')
}

function partOf(value: unknown): string | undefined {
  if (typeof value === 'string') return encoded(value)
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) ? String(value) : undefined
}

/** What would be read otherwise: everything but printable ASCII, the comma between parts, `%` itself, and spaces at either end. */
const UNSAFE = /[^\x20-\x24\x26-\x2b\x2d-\x7e]|^ +| +$/gu

/** Percent-encoded UTF-8 (RFC 3986 §2.1), so that two values are never the same field. */
const encoded = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(UNSAFE, (part) =>
      [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
