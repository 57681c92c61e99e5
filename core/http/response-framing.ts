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
    else if (length !== undefined && name.length === 7 && equalsIgnoreCase(name, 'trailer')) right = false
  }
  if (right && lengths <= 1 && (length === undefined || lengths === 1)) return raw
  return reframed(raw, length, keeps)
}

function reframed(raw: readonly string[], length: string | undefined, keeps: boolean): readonly string[] {
  const fields: string[] = []
  let kept = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    if (name === 'transfer-encoding' || (name === 'trailer' && length !== undefined)) continue
    if (name === 'content-length') {
      if (!keeps || kept) continue
      kept = true
    }
    fields.push(raw[i]!, raw[i + 1]!)
  }
  if (length !== undefined) fields.push('Content-Length', length)
  return fields
}

const hasBody = (status: number, method: string): boolean =>
  method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304
