import type { Response } from '../api/reply.ts'

/** Fields that describe bytes which are no longer the ones sent (RFC 9530, RFC 9110 §14.3). */
const DIGESTS = ['content-md5', 'digest', 'content-digest', 'repr-digest', 'accept-ranges'] as const

/**
 * Makes the head fit a body that a filter changed: length set or removed, a strong validator weakened (RFC 9110 §8.8.1:
 * a transformed representation is no longer identical byte for byte), digests removed.
 */
export function correctHead(response: Response, method: string): void {
  const { body, headers } = response
  if (!body.changed || method === 'HEAD') return
  if (body.length === undefined) headers.delete('content-length')
  else {
    headers.set('Content-Length', String(body.length))
    headers.delete('trailer') // RFC 9112 §7.1.2: only chunks have room for them
  }
  for (const name of DIGESTS) headers.delete(name)
  const etag = headers.get('etag')
  if (etag !== undefined && !etag.startsWith('W/')) headers.set('ETag', `W/${etag}`)
}
