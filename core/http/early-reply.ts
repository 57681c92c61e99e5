import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TimerWheel } from '../base/timer-wheel.ts'
import type { RequestBody } from './request-body.ts'

/** Up to this much of a body that nobody wants is read so that the connection can be kept. */
const DRAIN_BYTES = 64 * 1024
/** After `Connection: close`: how much more is read, and how long, so that the client sees the answer before a reset. */
const LINGER_BYTES = 1024 * 1024
const LINGER_MS = 2000

/** Size of a request's body as its head declares it: undefined for chunked. */
export interface Framing {
  length: number | undefined
  /** The client waits for `100 Continue` and has not been told to go on. */
  waiting: boolean
}

/**
 * Decides what becomes of a connection whose request is answered before its body has all come (RFC 9112 §9.6): a short
 * rest is drained, a long or unknown one closes the connection, after lingering so that the answer is not lost in a reset.
 * Called just before the head is written; true if the answer must say `Connection: close`.
 * @param closing the connection is closed in any case
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
  // A client that waits for 100 may never send the body, and what it sends next would be taken for it.
  if (rest <= DRAIN_BYTES && !framing.waiting && !closing && !body.lost) {
    res.once('finish', () => req.resume())
    return false
  }
  linger(req, timers)
  return true
}

/**
 * Node ends a connection with `destroySoon`, which closes the socket as soon as the answer is written; bytes of the
 * client that are still unread would then turn into a reset that can overtake the answer. This puts a half-close and a
 * bounded read in its place.
 */
function linger(req: IncomingMessage, timers: TimerWheel): void {
  const { socket } = req
  socket.destroySoon = () => {
    endSlowly(socket, timers)
    req.resume()
  }
}

/** Ends a connection behind what was written, and reads on for a while (RFC 9112 §9.6). */
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
