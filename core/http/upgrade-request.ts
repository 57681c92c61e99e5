import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { connectionOf } from './connection.ts'
import { endSlowly } from './early-reply.ts'
import type { ListenerState } from './listener-state.ts'
import { serveRequest } from './served-request.ts'
import { UpgradeHandshake } from './tunnel/upgrade-handshake.ts'
import { markLast, offerOf } from './upgrade-offer.ts'

/** Whether Node's parser releases the connection to `acceptUpgrade`. It does, unless the request is the last of its connection. */
export function leavesParser(state: ListenerState, req: IncomingMessage): boolean {
  const last = offerOf(req, state.settings.limits.upgradeProtocols) === 'last'
  if (last) markLast(req)
  return !last
}

/** Serves a request that offers to switch protocols, or a `CONNECT`, which is refused like any other unsupported request. */
export function acceptUpgrade(
  state: ListenerState,
  server: Server,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { timers } = state.runtime
  const connection = connectionOf(req.socket, state.settings.trusted)
  connection.last = req
  socket.on('error', cut)
  connection.queue(() => {
    const res = new ServerResponse(req)
    res.assignSocket(req.socket)
    const handshake = new UpgradeHandshake(req.socket, head, state.tunnels, timers)
    if (req.method !== 'CONNECT' && offerOf(req, state.settings.limits.upgradeProtocols) === 'ignore') {
      handshake.watch()
      res.shouldKeepAlive = !/(?:^|,)\s*close\s*(?:,|$)/i.test(req.headers.connection ?? '')
      res.once('finish', () => takeBack(state, server, req, res, handshake, head))
      return serveRequest(state, connection, req, res, false)
    }
    // A refusal is an ordinary response, and the last of the connection: Node's parser has released the socket.
    res.once('finish', () => endSlowly(req.socket, timers))
    serveRequest(state, connection, req, res, false, handshake)
  })
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
