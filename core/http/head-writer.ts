import { type ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'
import type { HeaderList } from '../api/header-list.ts'
import type { Response } from '../api/reply.ts'
import { framedFields, isFraming } from './response-framing.ts'

/** Characters of a reason phrase (RFC 9112 §4). */
const REASON = /^[\t -~\x80-\xff]*$/

/** The reason phrase to write: the response's own, or the usual one if that can't be written; clients ignore it (RFC 9112 §4). */
export function reasonOf({ status, statusText }: Pick<Response, 'status' | 'statusText'>): string {
  const usual = STATUS_CODES[status] ?? ''
  if (statusText === undefined || statusText === usual) return usual
  return REASON.test(statusText) ? statusText : usual
}

/**
 * A head as text in latin-1, for responses that Node's own writer does not send: interim ones and the switch of protocols. They
 * have no body, so fields that frame one are left out (RFC 9110 §8.6, RFC 9112 §6.1).
 * @throws TypeError for a field that can't be on the wire
 */
export function rawHead(status: number, reason: string, headers: HeaderList): string {
  let head = `HTTP/1.1 ${status} ${reason}\r\n`
  for (const [name, value] of headers) {
    if (isFraming(name)) continue
    validateHeaderName(name)
    validateHeaderValue(name, value)
    head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n`
}

/**
 * Gives the head of a final response to Node, which sends it with the first bytes of the body.
 * @param close whether the connection ends after the response
 * @param idleMs how long it may be idle otherwise
 * @throws TypeError for a head that can't be on the wire
 */
export function writeHead(
  res: ServerResponse,
  response: Response,
  method: string,
  close: boolean,
  idleMs: number,
): void {
  if (response.status < 200) throw new TypeError(`${response.status} is no status of a final response`)
  const framed = framedFields(response, method)
  const fields = close ? [...framed, 'Connection', 'close'] : (framed as string[])
  if (close) res.shouldKeepAlive = false
  // Node writes `Keep-Alive` by it. It has no public name, because usually the server's own timer sets it.
  const internal = res as ServerResponse & { _keepAliveTimeout: number }
  internal._keepAliveTimeout = idleMs
  // The reason phrase is always given: Node would use that of a head that it refused before.
  res.writeHead(response.status, reasonOf(response), fields)
}

/** Sends a head alone, and ends the connection: what is left when nothing better can be made. */
export function sendBare(res: ServerResponse, status: number): void {
  res.shouldKeepAlive = false
  res.writeHead(status, STATUS_CODES[status] ?? '', ['Content-Length', '0', 'Connection', 'close'])
  res.end()
}

/** The head of a switch of protocols; undefined if the response is no switch any more, or its head can't be on the wire. */
export function switchHead(response: Response): string | undefined {
  if (response.status !== 101) return undefined
  try {
    return rawHead(101, reasonOf(response), response.headers)
  } catch {
    return undefined
  }
}

/** Adds trailer fields to a response, which Node leaves out of one that is not chunked. */
export function addTrailers(res: ServerResponse, trailers: HeaderList): void {
  try {
    res.addTrailers([...trailers] as never) // Node accepts pairs, though its types don't say so
  } catch {
    // They can't be written. The body is complete without them.
  }
}

/** Trailer fields as lines in latin-1, without those that can't be on the wire: the body is complete without them. */
export function trailerLines(trailers: HeaderList | undefined): string {
  let lines = ''
  for (const [name, value] of trailers ?? []) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
      lines += `${name}: ${value}\r\n`
    } catch {
      // Left out.
    }
  }
  return lines
}
