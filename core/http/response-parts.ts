import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { HeaderList } from '../api/header-list.ts'
import type { Response } from '../api/reply.ts'
import { rawHead, reasonOf } from './raw-head.ts'
import { framedFields } from './response-framing.ts'

/**
 * Sends an interim response (RFC 9110 §15.2). Does nothing once the final head is out; for HTTP/1.0; and for a client that reads
 * slowly: it would be useless, and fill the memory.
 * @throws TypeError for a field that can't be on the wire
 */
export function sendInterim(req: IncomingMessage, res: ServerResponse, status: number, headers: HeaderList): void {
  const { headersSent, socket } = res
  if (headersSent || req.httpVersionMinor === 0 || socket?.writable !== true || socket.writableNeedDrain) return
  socket.write(rawHead(status, STATUS_CODES[status] ?? '', headers), 'latin1')
}

/** Adds trailer fields to a response, which Node leaves out of one that is not chunked. */
export function addTrailers(res: ServerResponse, trailers: HeaderList): void {
  try {
    res.addTrailers([...trailers] as never) // Node accepts pairs, though its types don't say so
  } catch {
    // They can't be written. The body is complete without them.
  }
}

/**
 * Gives the head of a final response to Node, which sends it with the first bytes of the body.
 * @param close whether the connection ends after the response
 * @throws TypeError for a head that can't be on the wire
 */
export function writeHead(res: ServerResponse, response: Response, method: string, close: boolean): void {
  if (response.status < 200) throw new TypeError(`${response.status} is no status of a final response`)
  const framed = framedFields(response, method)
  const fields = close ? [...framed, 'Connection', 'close'] : (framed as string[])
  if (close) res.shouldKeepAlive = false
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
