// The one rule for what may be a secret, and what is shown instead: in messages, logs, commands and on the admin side.
// When in doubt a text is masked: too much masking costs a look at the file, too little costs a secret.

/**
 * Shown instead of a secret.
 *
 * ```ts
 * env.log.info({ token: MASK }, 'token renewed')
 * ```
 */
export const MASK = '***'
/** Shown instead of user name and password. */
const NO_CREDENTIALS = '…@'

const SECRET_NAME =
  /secret|passw(?:or)?d|passphrase|passcode|token|key|credential|authorization|cookie|signature|[._-]auth$|(?:^|[._-])(?:pass|pwd|psk|pin|otp|sig)(?:$|[._-])/i
/** Secret in a query only: as names of options these words have other meanings. */
const SECRET_QUERY_KEY = /^(?:auth|code|jwt|bearer|session|sessionid|sid|assertion|ticket)$/i

/**
 * True if the value of an option, a key or a header field with this name may be a secret.
 *
 * ```ts
 * isSecret('api_key') // true
 * isSecret('timeout') // false
 * ```
 */
export const isSecret = (name: string): boolean => SECRET_NAME.test(name)

/**
 * The same for a key of a query, which may be percent-encoded.
 *
 * ```ts
 * isSecretQueryKey('access%5Ftoken') // true
 * isSecretQueryKey('page') // false
 * ```
 */
export function isSecretQueryKey(key: string): boolean {
  try {
    // Without what stands around it. Removing that by `[^\w]+$` would take quadratic time.
    const name = /\w(?:.*\w)?/s.exec(decodeURIComponent(key.replaceAll('+', ' ')))?.[0] ?? ''
    return isSecret(name) || SECRET_QUERY_KEY.test(name)
  } catch {
    return true
  }
}

/** A part of a text that is hidden, and what is shown instead. */
interface Hidden {
  readonly start: number
  readonly end: number
  readonly by: string
}

/** PEM and JSON Web Key. */
const KEY_MATERIAL = /-----BEGIN[A-Z ]*PRIVATE KEY|"kty"\s*:/

/**
 * One value as anybody may see it. Hides private keys, user names and passwords of URLs, authorization, and the values of
 * secret names in queries, in `name: value` and in `${NAME:-default}`. It is for single values, not for prose. Takes linear
 * time.
 *
 * ```ts
 * maskText('http://user:pa/ss@host/x?token=abc') // 'http://…@host/x?token=***'
 * ```
 */
export function maskText(text: string): string {
  if (KEY_MATERIAL.test(text)) return MASK
  const all = [credentials(text), ...pairs(text), ...defaults(text), ...authorization(text), named(text)]
  const hidden = all.filter((part) => part !== undefined).sort((a, b) => a.start - b.start || b.end - a.end)
  let out = ''
  let at = 0
  for (const { start, end, by } of hidden) {
    if (end <= at) continue
    out += start < at ? MASK : text.slice(at, start) + by
    at = end
  }
  return out + text.slice(at)
}

/** True if a text has something that is shown instead of a secret. */
export const isMasked = (text: string): boolean => /^\*{3}$|[=:\s]\*{3}|:-\*{3}\}|…@/.test(text)

/** A password may have any character, even `/`, `@`, `?`, `#` and spaces: all up to the last @ is hidden. */
function credentials(text: string): Hidden | undefined {
  const at = Math.max(text.lastIndexOf('@'), text.lastIndexOf('%40'))
  if (at === -1) return undefined
  const end = at + (text[at] === '@' ? 1 : 3)
  // The colon of a reference does not belong to a URL.
  const first = /^\$\{\w+:[-?]/.exec(text)?.[0].length ?? 0
  const head = text.slice(first, end)
  const slashes = head.search(/\/\/|%2f%2f/i)
  const colon = head.search(/:\S/)
  if (slashes !== -1 && (colon === -1 || colon >= slashes - 1))
    return { start: first + slashes, end, by: `//${NO_CREDENTIALS}` }
  // `user:password@host`: no scheme, or a slash too few.
  if (colon === -1) return undefined
  let word = colon
  while (word > 0 && !/\s/.test(head[word - 1]!)) word--
  return { start: first + word, end, by: NO_CREDENTIALS }
}

/** `?name=value`, `name=value; name=value`. */
function pairs(text: string): Hidden[] {
  const pair = /(?:^|[?&;#,\s])([^\s?&;#,=]+)=(?=[^&])/g
  const hidden: Hidden[] = []
  for (let found = pair.exec(text); found !== null; found = pair.exec(text)) {
    if (!isSecretQueryKey(found[1]!)) continue
    const start = pair.lastIndex
    pair.lastIndex = endOfValue(text, start)
    hidden.push({ start, end: pair.lastIndex, by: MASK })
  }
  return hidden
}

/** The end of a value: the `&` before the next pair. After a `&`, text without `=` belongs to the value. */
function endOfValue(text: string, start: number): number {
  for (let at = text.indexOf('&', start); at !== -1; at = text.indexOf('&', at + 1)) {
    const next = text.indexOf('&', at + 1)
    if (text.slice(at, next === -1 ? text.length : next).includes('=')) return at
  }
  return text.length
}

/** `${NAME:-default}`. */
const defaults = (text: string): Hidden[] =>
  Array.from(text.matchAll(/\$\{(\w+):-([^}]+)/g))
    .filter(([, name]) => isSecret(name!))
    .map((found) => atEnd(found, found[2]!))

/** `Bearer …`, `Basic …`. */
const authorization = (text: string): Hidden[] =>
  Array.from(text.matchAll(/\b(?:bearer|basic)\s+([^\s"',]+)/gi), (found) => atEnd(found, found[1]!))

/** `Name: value`, `"name":"value"`: all after the first secret name is hidden. */
function named(text: string): Hidden | undefined {
  for (const found of text.matchAll(/(?<![\w.-])([\w.-]+)(?:["']\s*:\s*|\s*:\s+)(?=\S)/g))
    if (isSecret(found[1]!)) return { start: found.index + found[0].length, end: text.length, by: MASK }
  return undefined
}

/** A value that ends where a match ends. */
function atEnd({ 0: whole, index }: RegExpExecArray, value: string): Hidden {
  const end = index + whole.length
  return { start: end - value.length, end, by: MASK }
}
