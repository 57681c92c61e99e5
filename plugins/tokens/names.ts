import * as z from 'zod'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a name (RFC 7617 §2)
const CONTROLS = /[\x00-\x1f\x7f]/

/** Whether a text has control characters, which a log or another program could read as something else. */
export const hasControls = (text: string): boolean => CONTROLS.test(text)

/** A user's name. RFC 7617 §2: without a colon. */
export const userName = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => !hasControls(name) && !name.includes(':'), 'a name has no colon and no control characters')

export const roleNames = z.array(z.string().min(1).max(256)).max(100)

/** RFC 6749 §3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/

export const scopeNames = z.array(z.string().regex(SCOPE, 'a scope has no spaces, quotes or backslashes')).max(100)

/** The scopes in a parameter (RFC 6749 §3.3), each once; undefined if it holds anything else. */
export function scopesIn(text: string): string[] | undefined {
  const scopes = text.split(' ').filter((scope) => scope !== '')
  return scopes.length > 0 && scopes.every((scope) => SCOPE.test(scope)) ? [...new Set(scopes)] : undefined
}
