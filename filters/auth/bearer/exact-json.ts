/** Enough digits for an integer that a number can't hold, perhaps in a text. */
const LONG = /\d{16}/
const INTEGER = /^-?\d+$/
/** RFC 7519 §4.1: these are numbers, and compared as such. */
const TIMES: ReadonlySet<string> = new Set(['exp', 'nbf', 'iat'])

/**
 * Parses JSON. An integer beyond 2^53, which a number would round, becomes a text of its digits: no id may become that of another one
 * (RFC 8259 §6).
 * @throws SyntaxError if it is no JSON
 */
export function exactJson(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text)
  return JSON.parse(text, (name, value: unknown, context?: { readonly source?: string }) =>
    Number.isInteger(value) && !Number.isSafeInteger(value) && INTEGER.test(context?.source ?? '') && !TIMES.has(name)
      ? context!.source
      : value,
  )
}
