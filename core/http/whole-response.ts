import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Response } from '../api/reply.ts'
import { httpDate } from '../base/http-date.ts'
import { latin1 } from '../base/latin1.ts'
import { equalsIgnoreCase, isToken } from '../base/tokens.ts'
import { JOINED_BYTES, reasonOf } from './head-writer.ts'
import { hasBody } from './response-framing.ts'

/** What a field value may hold (RFC 9110 §5.5). */
const VALUE = /^[\t -~\x80-\xff]*$/

/**
 * A response whose body is complete, as one text in latin-1, for a connection that goes on. Undefined where Node's own writer is needed:
 * for a body without a length, and for fields that the gateway does not send as they are.
 *
 * It is written past Node's writer, which makes the same text in twice the time, and 1.5 µs more in streams (measured).
 * @param idleMs how long the connection may be idle afterwards
 */
export function wholeResponse(
  response: Response,
  method: string,
  body: Buffer | undefined,
  idleMs: number,
): string | undefined {
  const { status, headers } = response
  if (!(status >= 200 && status <= 999)) return undefined
  const { raw } = headers
  const sends = hasBody(status, method)
  const length = sends ? response.body.length : 0
  if (length !== (body?.length ?? 0)) return undefined
  let measured = false
  let dated = false
  let head = `HTTP/1.1 ${status} ${reasonOf(response)}\r\n`
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const value = raw[i + 1]!
    if (!isToken(name) || !VALUE.test(value)) return undefined
    switch (name.length) {
      case 4:
        dated ||= equalsIgnoreCase(name, 'date')
        break
      case 14:
        if (!equalsIgnoreCase(name, 'content-length')) break
        if (measured || status === 204 || (sends && value !== String(length))) return undefined
        measured = true
        break
      default:
        if (isForWriter(name)) return undefined
    }
    head += `${name}: ${value}\r\n`
  }
  if (sends && !measured) head += `Content-Length: ${length}\r\n`
  if (!dated) head += `Date: ${httpDate()}\r\n`
  return `${head}Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(idleMs / 1000)}\r\n\r\n${body === undefined ? '' : latin1(body)}`
}

/** Fields that frame a message or belong to the connection, which Node's writer obeys or leaves out. */
function isForWriter(name: string): boolean {
  switch (name.length) {
    case 6:
      return equalsIgnoreCase(name, 'expect')
    case 7:
      return equalsIgnoreCase(name, 'trailer')
    case 10:
      return equalsIgnoreCase(name, 'connection') || equalsIgnoreCase(name, 'keep-alive')
    case 17:
      return equalsIgnoreCase(name, 'transfer-encoding')
    default:
      return false
  }
}

/** Whether a whole response can be written to the socket of a message: nothing has been sent, and nothing waits. */
export function takesWhole(req: IncomingMessage, res: ServerResponse, body: Buffer | undefined): boolean {
  const { socket } = req
  return (
    (body === undefined || body.length <= JOINED_BYTES) &&
    res.shouldKeepAlive &&
    req.httpVersionMinor === 1 &&
    !res.headersSent &&
    res.socket === socket &&
    socket.writable &&
    socket.writableLength === 0
  )
}

/**
 * Sends a whole response, and tells Node's server that it is over when the kernel has it.
 * @param over called then; not if the connection closes first
 * @returns whether it has it already
 */
export function writeWhole(res: ServerResponse, text: string, over: () => void): boolean {
  const { socket } = res
  res.finished = true
  socket!.write(text, 'latin1', (error) => {
    // It has destroyed the socket.
    if (error != null) return
    res.emit('finish')
    over()
  })
  return socket!.writableLength === 0
}
