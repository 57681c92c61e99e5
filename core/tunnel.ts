import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Response } from './reply.ts'

/** What a reason phrase may hold (RFC 9112 §4). */
const REASON = /^[\t -~\x80-\xff]*$/

/** The reason phrase to write: the response's own if it can be written, for a client ignores it anyway (RFC 9112 §4). */
export function reasonOf({ status, statusText }: Response): string {
  const usual = STATUS_CODES[status] ?? ''
  if (statusText === undefined || statusText === usual) return usual
  return REASON.test(statusText) ? statusText : usual
}

/** Writes a `101 Switching Protocols` head as the upstream sent it (RFC 9110 §15.2.2). */
export function writeSwitch(socket: Duplex, response: Response): void {
  let head = `HTTP/1.1 101 ${reasonOf(response)}\r\n`
  for (const [name, value] of response.headers) head += `${name}: ${value}\r\n`
  socket.write(`${head}\r\n`, 'latin1')
}

/** Joins two sockets, with backpressure both ways, until both are closed. The end of one ends the other. */
export function joinTunnel(downstream: Duplex, upstream: Duplex, head: Buffer): void {
  if (head.length > 0) upstream.write(head)
  const cut = (): void => {
    downstream.destroy()
    upstream.destroy()
  }
  for (const [from, to] of [
    [downstream, upstream],
    [upstream, downstream],
  ] as const) {
    from.on('error', cut)
    from.on('close', cut)
    from.pipe(to)
    from.resume()
  }
}
