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
  const prefix = path.slice(0, path.length - rest.length).replace(/\/+$/, '')
  return PLAIN.test(prefix) ? prefix : ''
}
