import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/** What is used of the parser of a connection. Node documents none of it: without it, only the limits that need it are missing. */
interface NodeParser {
  onIncoming?: (req: IncomingMessage, keepAlive: boolean) => number
}

const parserOf = (socket: Socket): NodeParser | undefined | null => (socket as Socket & { parser?: NodeParser }).parser

/** What a parser does with a request whose head it has just read. */
export type Intake = 'read' | 'release' | 'stop'

const RELEASED = 2
const FAILED = -1

/**
 * Asks before each request whether the parser of a connection goes on. Node parses all that came in one read, up to 64 KiB and
 * thousands of requests, whether or not the socket is paused.
 *
 * @param ask `read` goes on; `release` gives the connection to the server's `upgrade` event, with the bytes behind the head of this
 *   request, which must have no body; `stop` makes the rest invalid: a `clientError`
 */
export function askBeforeRequest(socket: Socket, ask: (req: IncomingMessage) => Intake): void {
  const parser = parserOf(socket)
  const next = parser?.onIncoming
  if (parser == null || next === undefined) return
  parser.onIncoming = (req, keepAlive) => {
    const intake = ask(req)
    if (intake === 'read') return next(req, keepAlive)
    if (intake === 'stop') return FAILED
    Object.assign(req, { upgrade: true })
    return RELEASED
  }
}

/** Node's list of the connections of a server, by which it applies `headersTimeout`. It exists once the server listens. */
interface NodeConnections {
  active(): { readonly socket?: Socket | null }[]
}

const NAME = 'http.server.connections'

/**
 * Whether a head has begun on a connection, or its first one is awaited: Node's `headersTimeout` runs for it. Blank lines begin none.
 * Without Node's list, it has on all.
 */
export function headsBegun(server: Server): (socket: Socket) => boolean {
  const key = Object.getOwnPropertySymbols(server).find(({ description }) => description === NAME)
  const list = key && (server as Server & { [key: symbol]: Partial<NodeConnections> | undefined })[key]
  const active = list?.active?.()
  if (active === undefined) return () => true
  const sockets = new Set(active.map(({ socket }) => socket))
  return (socket) => sockets.has(socket)
}
