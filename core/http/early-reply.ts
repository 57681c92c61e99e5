import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TimerWheel } from '../base/timer-wheel.ts'
import type { RequestBody } from './request-body.ts'

/** Up to this much of a body that nobody wants is read, so that the connection can be kept. */
const DRAIN_BYTES = 64 * 1024
/** After `Connection: close`: how much more is read, and for how long, so that the client gets the response before a reset. */
const LINGER_BYTES = 1024 * 1024
const LINGER_MS = 2000

/** What the head of a request says about its body. */
export interface Framing {
  /** Bytes; undefined: chunked. */
  length: number | undefined
  /** The client waits for `100 Continue`: neither that nor a response has been sent. */
  waiting: boolean
}

/**
 * Decides what happens to a connection whose response is ready before the request's body has all come (RFC 9112 §9.6). A short
 * rest of the body is drained. A long or unknown rest closes the connection, after a lingering read, so that no reset destroys
 * the response. Called just before the head is written.
 * @param closing the connection is closed in any case
 * @returns whether the response must say `Connection: close`
 */
export function settleEarlyReply(
  req: IncomingMessage,
  res: ServerResponse,
  body: RequestBody,
  framing: Framing,
  timers: TimerWheel,
  closing: boolean,
): boolean {
  if (req.complete) return closing
  const rest = framing.length === undefined ? Infinity : framing.length - body.received - req.readableLength
  // A client that waits for 100 may never send the body; its next request would then be read as the body.
  if (rest <= DRAIN_BYTES && !framing.waiting && !closing && !body.lost) {
    res.once('finish', () => req.resume())
    return false
  }
  linger(req, timers)
  return true
}

/**
 * Node ends a connection with `destroySoon`, which closes the socket as soon as the response is written. Bytes of the client
 * that are unread then cause a reset, which can overtake the response. This replaces it by a half-close and a bounded read.
 */
function linger(req: IncomingMessage, timers: TimerWheel): void {
  const { socket } = req
  socket.destroySoon = () => {
    endSlowly(socket, timers)
    req.resume()
  }
}

/** Ends a connection after what was written, and reads on for a while (RFC 9112 §9.6). */
export function endSlowly(socket: Duplex, timers: TimerWheel): void {
  let rest = LINGER_BYTES
  const deadline = timers.after(LINGER_MS, () => socket.destroy())
  socket.once('close', () => deadline.cancel())
  socket.once('end', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    rest -= chunk.length
    if (rest < 0) socket.destroy()
  })
  socket.end()
  socket.resume()
}
