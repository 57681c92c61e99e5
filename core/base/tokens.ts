/** A token (RFC 9110 §5.6.2: a method, a field name, a protocol), as source to build longer regular expressions from. */
export const TOKEN_SOURCE = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"

/** Matches a text that is one token and nothing else. */
export const TOKEN_PATTERN = new RegExp(`^${TOKEN_SOURCE}$`)

export const isToken = (text: string): boolean => TOKEN_PATTERN.test(text)

/** Whether two tokens, such as field names, are the same when case does not matter (RFC 9110 §5.1). For ASCII only. */
export function equalsIgnoreCase(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  // The first letter before the rest: most names of equal length differ there, and lower-casing allocates (measured).
  return a === b || ((a.charCodeAt(0) | 0x20) === (b.charCodeAt(0) | 0x20) && a.toLowerCase() === b.toLowerCase())
}

const FIELD_VALUE = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/

/** True for the value of a header field: printable ASCII, no space around it (RFC 9110 §5.5, without obs-text). */
export const isFieldValue = (text: string): boolean => FIELD_VALUE.test(text)
