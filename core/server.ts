import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { Body } from './body.ts'
import type { Chain } from './chain.ts'
import { type Connection, connectionOf } from './connection.ts'
import type { TrustedProxies } from './downstream.ts'
import type { Framing } from './early-reply.ts'
import type { Engine } from './engine.ts'
import { type Downstream, Exchange } from './exchange.ts'
import { HeaderList, sameName } from './headers.ts'
import { renderReply } from './problem.ts'
import { LocalReply } from './reply.ts'
import { RequestBody } from './request-body.ts'
import { ResponseWriter } from './response-writer.ts'
import { Run } from './run.ts'

/** Limits and habits of a listener. */
export interface ListenerOptions {
  readonly name: string
  /** Undefined: every address. */
  readonly host: string | undefined
  readonly port: number
  /** As it begins; see `Listener.trusted`. */
  readonly trusted: TrustedProxies
}

/**
 * The one file that talks to `http.Server`: accepts connections, turns messages into exchanges, one at a time a
 * connection, and runs each through the listener's live chain.
 */
export class Listener {
  readonly name: string
  /** Proxies whose forwarding headers are believed, for connections from now on. */
  trusted: TrustedProxies
  readonly #options: ListenerOptions
  readonly #engine: Engine
  readonly #server: Server
  readonly #tunnels = new Set<Duplex>()
  #chain: Chain
  #draining = false
  #active = 0
  #idle: (() => void) | undefined

  constructor(options: ListenerOptions, engine: Engine, chain: Chain) {
    this.name = options.name
    this.trusted = options.trusted
    this.#options = options
    this.#engine = engine
    this.#chain = chain
    this.#server = createServer({
      // Long uploads are legitimate; the head has a limit of its own (headersTimeout, 60 s).
      requestTimeout: 0,
      // Longer than the 60 s of common load balancers, so that it is they who close idle connections, not a race.
      keepAliveTimeout: 65_000,
      // h2c and other offers to upgrade are ignored, as RFC 9110 §7.8 allows: the request is then an ordinary one.
      shouldUpgradeCallback: (req: IncomingMessage) => req.headers.upgrade?.toLowerCase() === 'websocket',
    } as Parameters<typeof createServer>[0])
    this.#server.on('request', (req, res) => this.#accept(req, res, false))
    this.#server.on('checkContinue', (req, res) => this.#accept(req, res, true))
    this.#server.on('upgrade', (req, socket, head) => this.#upgrade(req, socket, head))
    this.#server.on('clientError', (error, socket) => this.#unparsed(error, socket))
  }

  /** The swap: requests that begin from now on lease this chain. */
  use(chain: Chain): void {
    this.#chain = chain
  }

  /** The chain that new requests lease. */
  get chain(): Chain {
    return this.#chain
  }

  /** Opens the socket; rejects if the address can't be had. Gives the address it got. */
  async open(): Promise<AddressInfo> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    return this.address
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo
  }

  /** From now on every answer says `Connection: close`. */
  drain(): void {
    this.#draining = true
  }

  /** Stops accepting; resolves when no request is in flight. Kept connections are closed when they fall idle. */
  async close(): Promise<void> {
    this.#draining = true
    // http.Server's own close() would cut idle connections at once, on which a request may just be arriving.
    const closed = new Promise<void>((resolve) => void NetServer.prototype.close.call(this.#server, () => resolve()))
    if (this.#active > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    this.#server.closeIdleConnections()
    await closed
  }

  /** Cuts everything that is still open. */
  destroy(): void {
    for (const tunnel of this.#tunnels) tunnel.destroy()
    this.#server.closeAllConnections()
  }

  #accept(req: IncomingMessage, res: ServerResponse, waiting: boolean): void {
    const connection = connectionOf(req.socket, this.trusted)
    if (connection.enter()) this.#serve(connection, req, res, waiting, undefined)
    else connection.wait(() => this.#serve(connection, req, res, waiting, undefined))
  }

  #serve(
    connection: Connection,
    req: IncomingMessage,
    res: ServerResponse,
    waiting: boolean,
    tunnelHead: Buffer | undefined,
  ): void {
    const framing: Framing = { length: 0, waiting }
    let host = ''
    const raw = req.rawHeaders
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!
      // A switch by length keeps this loop, which every field of every request passes, off string comparison.
      switch (name.length) {
        case 4:
          if (sameName(name, 'host')) host = raw[i + 1]!
          break
        case 14:
          if (sameName(name, 'content-length')) framing.length = Number(raw[i + 1])
          break
        case 17:
          if (sameName(name, 'transfer-encoding')) framing.length = undefined
      }
    }
    const source =
      framing.length === 0
        ? undefined
        : new RequestBody(
            req,
            waiting
              ? () => {
                  framing.waiting = false
                  res.writeContinue()
                }
              : undefined,
          )
    const headers = new HeaderList(raw)
    const { path, query } = splitTarget(req.url ?? '/')
    const x = new Exchange(
      {
        method: req.method ?? 'GET',
        path,
        query,
        httpVersion: req.httpVersion,
        headers,
        body: source === undefined ? Body.empty() : new Body(source, framing.length),
        upgrade: tunnelHead === undefined ? undefined : 'websocket',
      },
      this.#downstream(connection, headers, host),
      this.#engine.clock.now(),
    )
    this.#engine.begin(x)
    this.#active++
    const writer = new ResponseWriter(req, res, source, framing, this.#engine.timers, tunnelHead)
    const run = new Run(x, this.#chain, this.#engine, (response) => {
      if (response.upgrade !== undefined) this.#tunnels.add(response.upgrade)
      writer.deliver(response, x, this.#draining)
    })
    writer.onOver = (outcome, error) => {
      if (x.response?.upgrade !== undefined) this.#tunnels.delete(x.response.upgrade)
      run.finish(outcome, error)
      if (--this.#active === 0) this.#idle?.()
      connection.next()
      if (source === undefined) return
      source.drain()
      x.request.body.discard()
    }
    if (path === '*' && x.request.method === 'OPTIONS') {
      x.response = renderReply(x, new LocalReply(204, 'options', { headers: { Allow: ALLOW } }))
      writer.deliver(x.response, x, this.#draining)
    } else run.start()
  }

  #downstream(connection: Connection, headers: HeaderList, host: string): Downstream {
    const { peer, trusted, scheme } = connection
    if (!trusted) return { address: peer, peer, trusted, scheme, host }
    const proto = headers.get('x-forwarded-proto')
    return {
      address: this.trusted.client(peer, headers.joined('x-forwarded-for')),
      peer,
      trusted,
      scheme: proto === 'https' || proto === 'http' ? proto : scheme,
      host: headers.get('x-forwarded-host') ?? host,
    }
  }

  #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = connectionOf(req.socket, this.trusted)
    socket.on('error', () => socket.destroy())
    const serve = (): void => {
      const res = new ServerResponse(req)
      res.assignSocket(req.socket)
      // A refusal is an ordinary response, and the last one: Node's parser has let go of this socket.
      res.once('finish', () => req.socket.destroySoon())
      this.#serve(connection, req, res, false, head)
    }
    if (connection.enter()) serve()
    else connection.wait(serve)
  }

  /** Bytes that are no request: RFC 9112 §2.2. There is no exchange, but `log` hears of it. */
  #unparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
    const busy = connectionOf(socket, this.trusted).busy
    if (error.code === 'ECONNRESET' || !socket.writable || busy) {
      socket.destroy(error)
      if (busy) return
    }
    const status = UNPARSED[error.code ?? ''] ?? 400
    if (socket.writable)
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    if (error.code === 'ECONNRESET') return
    this.#engine.log(this.#chain.base.logs, {
      exchange: undefined,
      outcome: 'unparsed',
      status,
      error: undefined,
      durationMs: 0,
    })
  }
}

/**
 * What the gateway as a whole may forward: `OPTIONS *` asks no endpoint, and is answered before any filter runs (RFC 9110
 * §9.3.7). Extension methods pass too, but can't be listed.
 */
const ALLOW = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/** Answers to what the parser refused. */
const UNPARSED: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** Path and query of a request target; the authority of the absolute form is not trusted (RFC 9112 §3.2.2). */
function splitTarget(target: string): { path: string; query: string } {
  if (!target.startsWith('/') && target !== '*') {
    const authority = target.indexOf('://')
    const start = authority === -1 ? -1 : target.slice(authority + 3).search(/[/?]/)
    if (start !== -1) target = target.slice(authority + 3 + start)
    else if (authority !== -1) target = '/'
    if (target.startsWith('?')) target = `/${target}`
  }
  const mark = target.indexOf('?')
  return mark === -1 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark) }
}
