import { types } from 'node:util'

// What plugins throw can be anything: a frozen error, a getter that throws, a revoked proxy, a symbol, a text of megabytes.
// Nothing in here throws, and nothing changes what it reads.

/** Characters of a text that are kept by default. */
const LONGEST = 8 * 1024

/**
 * What was thrown, in words: the message of an error, the text of anything else, bounded.
 *
 * @example errorText(Object.create(null)) // 'an object without a message'
 */
export function errorText(thrown: unknown): string {
  const message = propertyOf(thrown, 'message')
  if (typeof message === 'string' && message !== '') return shorten(message)
  const text = typeof thrown === 'function' ? 'a function' : safely(() => String(thrown))
  return text === undefined || text.startsWith('[object ') ? 'an object without a message' : shorten(text)
}

/** Whether a value is an error, also one of another realm. `instanceof` alone throws for a revoked proxy. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || safely(() => value instanceof Error) === true
}

/** A property of any value; undefined if it can't be read. */
export function propertyOf(value: unknown, key: string): unknown {
  if (value === undefined || value === null) return undefined
  return safely(() => (value as Readonly<Record<string, unknown>>)[key])
}

/** The result of a function that calls code of others; undefined if it throws. */
export function safely<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** A text of about `longest` characters at most: of a longer one the middle is left out. The frames of a stack are its end. */
export function shorten(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text
  const half = Math.floor(longest / 2)
  const end = half === 0 ? '' : text.slice(-half)
  return `${text.slice(0, half)}[… ${text.length - 2 * half} characters …]${end}`
}
