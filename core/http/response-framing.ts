import type { Response } from '../api/reply.ts'
import { equalsIgnoreCase } from '../base/tokens.ts'

/**
 * The fields of a head with the framing of its body (RFC 9112 §6). The gateway alone decides it, by the body that it has: what
 * a filter wrote into `Content-Length` or `Transfer-Encoding` could make another message of the bytes that follow.
 */
export function framedFields({ status, headers, body }: Response, method: string): readonly string[] {
  const { raw } = headers
  const length = hasBody(status, method) && body.length !== undefined ? String(body.length) : undefined
  // A response to HEAD, and 304, say the length that another response would have.
  const keeps = (method === 'HEAD' || status === 304) && status !== 204
  let lengths = 0
  let right = true
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    // By length first: every field of every response comes by here.
    if (name.length === 14 && equalsIgnoreCase(name, 'content-length')) {
      lengths++
      right &&= keeps || raw[i + 1] === length
    } else if (name.length === 17 && equalsIgnoreCase(name, 'transfer-encoding')) right = false
    // `Content-Length` must come last then, see `reframed`.
    else if (lengths > 0 && name.length === 19 && equalsIgnoreCase(name, 'content-disposition')) right = false
    else if (name.length === 6 && equalsIgnoreCase(name, 'expect')) right = false
    else if (length !== undefined && name.length === 7 && equalsIgnoreCase(name, 'trailer')) right = false
  }
  if (right && lengths <= 1 && (length === undefined || lengths === 1)) return raw
  return reframed(raw, length, keeps)
}

/**
 * `Content-Length` comes last: Node re-encodes a `Content-Disposition` that follows it, and any byte from 0x80 up then becomes
 * others, or none at all (nodejs/node#58240). `Expect` means nothing in a response, but Node would send the head at once, in UTF-8.
 */
function reframed(raw: readonly string[], length: string | undefined, keeps: boolean): readonly string[] {
  const fields: string[] = []
  let kept = length
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    if (name === 'content-length') kept ??= keeps ? raw[i + 1]! : undefined
    else if (name !== 'transfer-encoding' && name !== 'expect' && !(name === 'trailer' && length !== undefined))
      fields.push(raw[i]!, raw[i + 1]!)
  }
  if (kept !== undefined) fields.push('Content-Length', kept)
  return fields
}

/** Whether a field says where a body ends. */
export const isFraming = (name: string): boolean =>
  equalsIgnoreCase(name, 'content-length') || equalsIgnoreCase(name, 'transfer-encoding')

/** Whether a response to a method has a body (RFC 9110 §6.4.1). */
export const hasBody = (status: number, method: string): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304
