import * as z from 'zod'

/** An origin, or nothing for a place on the same one; no placeholder can come before its end. */
const ORIGIN = /^(?:https?:\/\/[^/?#\\@{}\s]+)?/i
const PLACEHOLDER = /\{(path|query)\}/g

const URL_ERROR =
  'expected a URL with http or https, or a path that begins with one slash; {path} and {query} may stand behind the host'

export const redirectOptions = z.strictObject({
  url: z
    .string()
    .refine(isSafe, { error: URL_ERROR })
    .describe(
      "Where to: a URL, or a path. `{path}` stands for the request's path, `{query}` for its query with its `?`.",
    ),
  status: z
    .literal([302, 303, 307, 308], { error: 'expected 302, 303, 307 or 308' })
    .default(307)
    .describe('307 and 308 keep the method and the body, 303 makes it a GET.'),
})

/** Whether whoever writes the request can't choose where the redirect leads. */
function isSafe(template: string): boolean {
  const origin = ORIGIN.exec(template)![0]
  const rest = template.slice(origin.length)
  const filled = rest.replaceAll(PLACEHOLDER, '')
  if (/[{}\\\s]/.test(filled) || !/^[\x21-\x7e]*$/.test(template)) return false
  // A path that begins with two slashes names a host (RFC 3986 §4.2), to browsers also one with a backslash.
  if (origin === '') return /^\/(?!\/)/.test(rest)
  return URL.canParse(origin) && /^(?:[/?#]|\{path\}|\{query\}$|$)/.test(rest)
}

/**
 * Fills in the template. Values come from clients: whatever they hold, no host can begin in them (RFC 3986 §3.2: an
 * authority begins with two slashes; a path behind an authority begins with one).
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
    if (name === 'query') location += encoded(inQuery ? query.replace('?', '&') : query, NEITHER)
    else if (inQuery) location += encoded(path, RESERVED)
    else location += (location.endsWith('/') ? '' : '/') + encoded(path, NEITHER).replace(/^\/+/, '')
  }
  return (location + template.slice(from)).replace(/^\/{2,}/, '/')
}

/** Characters that no URI holds as they are (RFC 3986 §2), and a fragment's begin. */
const NEITHER = /[^\x21-\x7e]|["<>\\^`{|}#]/g
/** Everything that could mean more than itself in a query. */
const RESERVED = /[^\w/.~-]/g

/** Request targets are strings of bytes: each becomes its own escape. */
const encoded = (text: string, unsafe: RegExp): string =>
  text.replaceAll(unsafe, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
