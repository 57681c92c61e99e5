import * as z from 'zod'

/** An origin, or nothing for a path on the same one. It can't hold placeholders. */
const ORIGIN = /^(?:https?:\/\/[^/?#\\@{}\s]+)?/i
const PLACEHOLDER = /\{(path|query)\}/g

const URL_ERROR =
  'expected an http or https URL, or a path that begins with one slash; {path} and {query} are allowed only after the host'

export const redirectOptions = z.strictObject({
  url: z
    .string()
    .refine(isSafe, { error: URL_ERROR })
    .describe(
      "URL, or path, of the redirect. `{path}` is replaced by the request's path, `{query}` by its query with its `?`.",
    ),
  status: z
    .literal([302, 303, 307, 308], { error: 'expected 302, 303, 307 or 308' })
    .default(307)
    .describe('307 and 308 keep the method and the body, 303 changes the method to GET.'),
})

/** Whether the request can't change the host to which the redirect leads. */
function isSafe(template: string): boolean {
  const origin = ORIGIN.exec(template)![0]
  const rest = template.slice(origin.length)
  const filled = rest.replaceAll(PLACEHOLDER, '')
  if (/[{}\\\s]/.test(filled) || !/^[\x21-\x7e]*$/.test(template)) return false
  // A path that begins with two slashes names a host (RFC 3986 §4.2); browsers take a backslash for a slash.
  if (origin === '') return /^\/(?!\/)/.test(rest)
  return URL.canParse(origin) && /^(?:[/?#]|\{path\}|\{query\}$|$)/.test(rest)
}

/**
 * Fills in the template. The values come from clients, so they must not be able to begin a host (RFC 3986 §3.2: an authority begins
 * with two slashes; a path behind an authority begins with one).
 * @param path as it came
 * @param query with its `?`, or empty
 */
export function redirectLocation(template: string, path: string, query: string): string {
  let location = ''
  let from = 0
  for (const { 0: placeholder, 1: name, index } of template.matchAll(PLACEHOLDER)) {
    location += template.slice(from, index)
    from = index + placeholder.length
    const inQuery = /[?#]/.test(location)
    if (name === 'query') location += encoded(inQuery ? query.replace('?', '&') : query, UNSAFE)
    else if (inQuery) location += encoded(path, RESERVED)
    else location += (location.endsWith('/') ? '' : '/') + encoded(path, UNSAFE).replace(/^\/+/, '')
  }
  return (location + template.slice(from)).replace(/^\/{2,}/, '/')
}

/** Characters that a URI can't hold unescaped (RFC 3986 §2), and the one that begins a fragment. */
const UNSAFE = /[^\x21-\x7e]|["<>\\^`{|}#]/g
/** Characters that may have a meaning in a query. */
const RESERVED = /[^\w/.~-]/g

/** Request targets are strings of bytes: each unsafe byte becomes one escape. */
const encoded = (text: string, unsafe: RegExp): string =>
  text.replaceAll(unsafe, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
