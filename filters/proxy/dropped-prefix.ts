import type { Exchange } from '../../core/index.ts'

/** Characters of a path that mean nothing in a field (RFC 3986 §3.3 without `;`). The path is the client's. */
const PLAIN = /^(?!\/\/)[\w\-.~!$&'()*+,=:@%/]+$/

/**
 * What stood before the path that goes upstream, without a slash at its end: `/orchestrator/v1/orders`. Empty if nothing was dropped,
 * if a filter rewrote the path, or if the client wrote characters into it that no field should repeat.
 */
export function droppedPrefix({ request: { path }, route }: Exchange): string {
  const rest = route?.path ?? path
  if (path.length === rest.length || !path.endsWith(rest) || (rest !== '' && !rest.startsWith('/'))) return ''
  const dropped = path.slice(0, path.length - rest.length)
  if (last.dropped !== dropped) last = { dropped, prefix: prefixOf(dropped) }
  return last.prefix
}

/** What was dropped last: most requests are for the same few endpoints. */
let last = { dropped: '', prefix: '' }

function prefixOf(dropped: string): string {
  const prefix = dropped.replace(/\/+$/, '')
  return PLAIN.test(prefix) ? prefix : ''
}
