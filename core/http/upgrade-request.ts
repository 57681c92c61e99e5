import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Connection, connectionOf } from './connection.ts'
import { endSlowly } from './early-reply.ts'
import type { ListenerState } from './listener-state.ts'
import { askBeforeRequest } from './node-parser.ts'
import { hasConnectionOption } from './request-head.ts'
import { serveRequest, takeTurn } from './served-request.ts'
import { UpgradeHandshake } from './tunnel/upgrade-handshake.ts'
import { markLast, offerOf } from './upgrade-offer.ts'

/** Whether Node's parser releases the connection to `acceptUpgrade`. It does, unless the request is the last of its connection. */
export function leavesParser(state: ListenerState, req: IncomingMessage): boolean {
  const last = offerOf(req, state.settings.limits.upgradeProtocols) === 'last'
  if (last) markLast(req)
  return !last
}

/**
 * Bounds the requests of a connection that wait. If there are too many, Node's parser releases the connection as it does for an
 * offer, and takes it back when they have been served: nothing more is read meanwhile. A request with a body can't be released;
 * the connection ends before it, and its client sends it again (RFC 9112 §9.3.2).
 */
export function boundQueue(connection: Connection, socket: Socket): void {
  askBeforeRequest(socket, (req) => {
    if (!connection.full) return 'read'
    return offerOf(req, []) === 'ignore' ? 'release' : 'stop'
  })
}

/**
 * Serves a request that offers to switch protocols; a `CONNECT`, which is refused like any other unsupported request; or a request
 * that `boundQueue` has released.
 */
export function acceptUpgrade(
  state: ListenerState,
  server: Server,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { timers } = state.runtime
  const connection = connectionOf(req.socket)
  connection.last = req
  socket.on('error', cut)
  // Node's server has told the response being sent that it may go on, or that its client is stalled; now nobody else does.
  const drained = (): void => void connection.response?.emit('drain')
  const stalled = (): void => void connection.response?.emit('timeout')
  socket.on('drain', drained)
  socket.on('timeout', stalled)
  const serve = (admitted?: boolean): void => {
    const res = new ServerResponse(req)
    res.assignSocket(req.socket)
    const handshake = new UpgradeHandshake(req.socket, head, state.tunnels, timers)
    if (req.method !== 'CONNECT' && offerOf(req, state.settings.limits.upgradeProtocols) === 'ignore') {
      handshake.watch()
      // Not of `headers`: they are empty for a request without an offer, see LeanRequest.
      res.shouldKeepAlive = !hasConnectionOption(req.rawHeaders, 'close')
      res.once('finish', () => {
        socket.off('drain', drained)
        socket.off('timeout', stalled)
        takeBack(state, server, req, res, handshake, head)
      })
      return serveRequest(state, connection, req, res, { admitted })
    }
    // A refusal is an ordinary response, and the last of the connection: Node's parser has released the socket.
    res.once('finish', () => endSlowly(req.socket, timers))
    serveRequest(state, connection, req, res, { admitted, handshake })
  }
  if (!socket.writable) return
  if (connection.enter()) return serve()
  takeTurn(state, connection, serve)
}

/** The offer was ignored and the response sent: gives the connection back to Node's server, which parses further requests. */
function takeBack(
  state: ListenerState,
  server: Server,
  req: IncomingMessage,
  res: ServerResponse,
  handshake: UpgradeHandshake,
  head: Buffer,
): void {
  const { socket } = req
  handshake.settle()
  if (!res.shouldKeepAlive || !socket.writable) return endSlowly(socket, state.runtime.timers)
  res.detachSocket(socket)
  socket.off('error', cut)
  socket.setTimeout(0)
  if (head.length > 0) socket.unshift(head)
  res.emit('close')
  server.emit('connection', socket)
}

/** Closes a connection that Node's server has released. */
function cut(this: Duplex): void {
  this.destroy()
}
