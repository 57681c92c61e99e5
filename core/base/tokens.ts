/**
 * A token (RFC 9110 §5.6.2: a method, a field name, a protocol) as the source of a regular expression, to build longer ones.
 *
 * @example const PROTOCOL = new RegExp(`^${TOKEN_SOURCE}(?:/${TOKEN_SOURCE})?$`)
 */
export const TOKEN_SOURCE = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"

/**
 * Matches a text that is one token and nothing else; for schemas.
 *
 * @example const options = z.strictObject({ header: z.string().regex(TOKEN_PATTERN, 'expected the name of a header field') })
 */
export const TOKEN_PATTERN = new RegExp(`^${TOKEN_SOURCE}$`)

/**
 * Whether a text is a token (RFC 9110 §5.6.2).
 *
 * @example isToken('x-tenant') // true
 */
export const isToken = (text: string): boolean => TOKEN_PATTERN.test(text)

/** Names are remembered up to this number; more are checked each time. */
const MAX_NAMES = 512
const MAX_NAME_LENGTH = 64
const names = new Set<string>()

/** @internal `isToken` for names of fields, which are the same again and again: 6 ns instead of 28 for one that is kept as text. */
export function isFieldName(name: string): boolean {
  if (names.has(name)) return true
  if (!isToken(name)) return false
  if (names.size < MAX_NAMES && name.length <= MAX_NAME_LENGTH) names.add(name)
  return true
}

/**
 * Whether two tokens, such as field names, are equal when case does not matter (RFC 9110 §5.1). For ASCII only. Allocates
 * nothing for texts that differ in length or in their first letter: made for loops over `headers.raw`.
 *
 * @example equalsIgnoreCase('Content-Type', 'content-type') // true
 */
export function equalsIgnoreCase(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  // The first letter before the rest: most names of equal length differ there, and lower-casing allocates (measured).
  return a === b || ((a.charCodeAt(0) | 0x20) === (b.charCodeAt(0) | 0x20) && a.toLowerCase() === b.toLowerCase())
}

const FIELD_VALUE = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/

/**
 * Whether a text can be the value of a header field: printable ASCII without space around it (RFC 9110 §5.5, without
 * obs-text). Stricter than `HeaderList`, for values in options.
 *
 * @example isFieldValue('no-store') // true
 */
export const isFieldValue = (text: string): boolean => FIELD_VALUE.test(text)

/**
 * A text without spaces and tabs at its ends (RFC 9110 §5.6.3). `trim` takes more away, such as the byte A0: another server would read
 * another token.
 */
export function trimOws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isOws(text.charCodeAt(start))) start++
  while (end > start && isOws(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isOws = (code: number): boolean => code === 0x20 || code === 0x09
