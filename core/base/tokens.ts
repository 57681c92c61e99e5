/** A token (RFC 9110 §5.6.2: a method, a field name, a protocol), as source to build longer regular expressions from. */
export const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"

/** Matches a text that is one token and nothing else. */
export const TOKEN_PATTERN = new RegExp(`^${TOKEN}$`)

export const isToken = (text: string): boolean => TOKEN_PATTERN.test(text)

const FIELD_VALUE = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/

/** True for the value of a header field: printable ASCII, no space around it (RFC 9110 §5.5, without obs-text). */
export const isFieldValue = (text: string): boolean => FIELD_VALUE.test(text)
