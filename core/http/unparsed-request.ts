import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connectionOf } from './connection.ts'
import { endSlowly } from './early-reply.ts'
import type { ListenerState } from './listener-state.ts'
import { isParserError, type ParserError, unparsedReason, unparsedResponse, unparsedStatus } from './parser-error.ts'

/** Protocols that clients speak by mistake. Anyone can: their lines are counted, not all written. */
const OTHER_PROTOCOLS: Readonly<Record<string, string>> = {
  tls_handshake: 'TLS handshake on a plain HTTP port: the client must use http://, or TLS must end in front of Weir',
  http2_preface: 'HTTP/2 preface on an HTTP/1.1 port: the client must use HTTP/1.1',
}

/** Refuses bytes that are no request (RFC 9112 §2.2). There is no exchange, but `log` hooks run. */
export function refuseUnparsed(state: ListenerState, error: ParserError, socket: Duplex): void {
  const connection = connectionOf(socket)
  const { busy, last } = connection
  // RFC 9112 §8: a client that ends the connection in the middle of a message has broken the message off.
  if (!isParserError(error) || (busy && error.code === 'HPE_INVALID_EOF_STATE')) return void socket.destroy(error)
  // What follows the last response is ignored (RFC 9112 §9.6), and so is what follows bytes that were refused.
  if (connection.broken || !socket.writable) return
  connection.broken = true
  // The error is in a body: that request gets an error response, unless it has a response already.
  if (last?.complete === false) return busy ? connection.body?.break() : void socket.destroy()
  const { timers } = state.runtime
  // After other requests: they get their responses first (RFC 9112 §9.3.2), and no reset may overtake those (§9.6).
  if (busy) (socket as Socket).destroySoon = () => endSlowly(socket, timers)
  connection.queue(() => {
    const status = unparsedStatus(error)
    if (status !== undefined) socket.write(unparsedResponse(status))
    endSlowly(socket, timers)
    if (status === undefined) return
    const { listener, base } = state.settings.chain
    const reason = unparsedReason(error)
    const mistake = OTHER_PROTOCOLS[reason]
    const { peer } = connection
    if (mistake !== undefined) state.runtime.repeated.warn(`${reason} ${listener}`, { reason, listener, peer }, mistake)
    state.runtime.log(base.logs, {
      exchange: undefined,
      peer,
      outcome: 'unparsed',
      status,
      error: undefined,
      durationMs: 0,
      listener,
      reason,
    })
  })
}
