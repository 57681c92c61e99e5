import type { Exchange } from '../../core/index.ts'

/** A path of characters that mean nothing in a field (RFC 3986 §3.3 without `;`), and that is no host: `//host`. */
const PLAIN = /^\/(?!\/)[\w\-.~!$&'()*+,=:@%/]*$/

/** The text if upstreams may put it before a path; else empty. What it came from may be the client's. */
export const plainPrefix = (text: string): string => (PLAIN.test(text) ? text : '')

/**
 * What stood before the path that goes upstream, without a slash at its end: `/orchestrator/v1/orders`. Empty if nothing was dropped,
 * if a filter rewrote the path, or if the client wrote characters into it that no field should repeat.
 */
export function droppedPrefix({ request: { path }, route }: Exchange): string {
  const rest = route?.path ?? path
  if (path.length === rest.length || !path.endsWith(rest) || (rest !== '' && !rest.startsWith('/'))) return ''
  const dropped = path.slice(0, path.length - rest.length)
  if (last.dropped !== dropped) last = { dropped, prefix: plainPrefix(withoutSlashes(dropped)) }
  return last.prefix
}

/** Without slashes at the end. An expression would look at thousands of slashes in the middle again for each of them. */
function withoutSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end)
}

/** What was dropped last: most requests are for the same few endpoints. */
let last = { dropped: '', prefix: '' }
