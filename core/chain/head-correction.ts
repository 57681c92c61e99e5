import type { Response } from '../api/reply.ts'

/** Fields that describe the bytes as they were before the change (RFC 9530, RFC 9110 §14.3). */
const DIGESTS = ['content-md5', 'digest', 'content-digest', 'repr-digest', 'accept-ranges'] as const

/**
 * Corrects the head of a response whose body a filter changed: sets or removes the length, weakens a strong validator (RFC 9110
 * §8.8.1: the representation is no longer identical byte for byte), removes digests.
 */
export function correctHead(response: Response, method: string): void {
  const { body, headers, status } = response
  // These say what another response would have (RFC 9110 §8.6, §15.4.5), and send no body.
  if (!body.changed || method === 'HEAD' || status === 204 || status === 304) return
  if (body.length === undefined) headers.delete('content-length')
  else {
    headers.set('Content-Length', String(body.length))
    headers.delete('trailer') // RFC 9112 §7.1.2: only a chunked body can have trailers
  }
  for (const name of DIGESTS) headers.delete(name)
  const etag = headers.get('etag')
  if (etag !== undefined && !etag.startsWith('W/')) headers.set('ETag', `W/${etag}`)
}
