import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Body } from '../api/body.ts'
import { WeirError } from '../api/errors.ts'
import { type Downstream, Exchange } from '../api/exchange.ts'
import { HeaderList } from '../api/header-list.ts'
import { LocalReply } from '../api/reply.ts'
import type { Chain } from '../chain/chain.ts'
import { errorReply } from '../chain/error-reply.ts'
import { HookRunner } from '../chain/hook-runner.ts'
import { renderReply } from '../chain/problem-document.ts'
import { attribute } from '../chain/proxy-status.ts'
import type { Runtime } from '../chain/runtime.ts'
import { type Connection, connectionOf } from './connection.ts'
import type { DownstreamLimits } from './downstream-limits.ts'
import { endSlowly, type Framing } from './early-reply.ts'
import { Overload } from './overload.ts'
import { isParserError, type ParserError, unparsedAnswer, unparsedStatus } from './parser-error.ts'
import { RequestBody } from './request-body.ts'
import { readHead } from './request-head.ts'
import { ResponseWriter } from './response-writer.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import { Handshake, Tunnels } from './tunnel/handshake.ts'
import { offerOf } from './upgrade-offer.ts'

/** On a request that offers to switch protocols: whether it is the last of its connection. */
const LAST = Symbol('weir.last')
type Marked = IncomingMessage & { [LAST]?: boolean }

/**
 * Idle connections are kept so long behind the last answer: if its head went out before the end was asked for, it did not say
 * `Connection: close`, and its client may be writing the next request (RFC 9112 §9.6).
 */
const PARTING_MS = 500

/** When nothing is in flight any more, a head that has begun must come to its end within this, or is answered 408. */
const LAST_HEAD_MS = 2000

/** Limits and habits of a listener. */
export interface ListenerOptions {
  readonly name: string
  /** Undefined: every address. */
  readonly host: string | undefined
  readonly port: number
  /** As it begins; see `Listener.trusted`. */
  readonly trusted: TrustedProxies
  /** As it begins; see `Listener.limit`. */
  readonly limits: DownstreamLimits
  /** Whether its requests are shed when the process is overloaded. */
  readonly sheds: boolean
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
  readonly #runtime: Runtime
  readonly #server: Server
  readonly #tunnels = new Tunnels()
  #limits: DownstreamLimits
  #chain: Chain
  #draining = false
  #active = 0
  #idle: (() => void) | undefined

  constructor(options: ListenerOptions, runtime: Runtime, chain: Chain) {
    this.name = options.name
    this.trusted = options.trusted
    this.#options = options
    this.#runtime = runtime
    this.#chain = chain
    this.#limits = options.limits
    this.#server = createServer({
      // Long uploads are legitimate; what stalls has limits of its own.
      requestTimeout: 0,
      connectionsCheckingInterval: 1000,
      // RFC 9112 §3.2 is the business of readHead, where `log` hears of it.
      requireHostHeader: false,
      // Node's parser lets go of the connection, and `#upgrade` has it, unless nothing may follow.
      shouldUpgradeCallback: (req: Marked) => {
        req[LAST] = offerOf(req, this.#limits.upgradeProtocols) === 'last'
        return !req[LAST]
      },
    } as Parameters<typeof createServer>[0])
    this.limit(options.limits)
    this.#server.on('request', (req, res) => this.#accept(req, res, false))
    this.#server.on('checkContinue', (req, res) => this.#accept(req, res, true))
    this.#server.on('checkExpectation', (req, res) => this.#accept(req, res, false))
    this.#server.on('upgrade', (req, socket, head) => this.#upgrade(req, socket, head))
    this.#server.on('connect', (req, socket, head) => this.#upgrade(req, socket, head))
    this.#server.on('clientError', (error, socket) => this.#unparsed(error, socket))
  }

  /** Limits for connections from now on, and for the next requests of those there are. */
  limit(limits: DownstreamLimits): void {
    this.#limits = limits
    this.#server.headersTimeout = limits.headersTimeoutMs
    this.#server.keepAliveTimeout = limits.idleTimeoutMs
    // Node drops what is beyond its count in silence, or refuses the head as no request: readHead comes first.
    this.#server.maxHeadersCount = 2 * limits.maxHeadersCount
    Object.assign(this.#server, { maxHeaderSize: limits.maxHeadersSize })
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

  /**
   * Stops accepting; resolves when no request is in flight. Kept connections are closed when they fall idle, and WebSockets
   * are told that the gateway goes away.
   */
  async close(): Promise<void> {
    this.#draining = true
    this.#tunnels.leave()
    // http.Server's own close() would cut idle connections at once, on which a request may just be arriving.
    const closed = new Promise<void>((resolve) => void NetServer.prototype.close.call(this.#server, () => resolve()))
    do {
      if (this.#active > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
      const { promise: parted, resolve } = Promise.withResolvers<void>()
      const parting = this.#runtime.timers.after(PARTING_MS, resolve)
      await Promise.race([closed, parted])
      parting.cancel()
    } while (this.#active > 0)
    this.#server.headersTimeout = Math.min(this.#limits.headersTimeoutMs, LAST_HEAD_MS)
    this.#server.closeIdleConnections()
    await closed
  }

  /** Cuts everything that is still open. */
  destroy(): void {
    this.#tunnels.destroy()
    this.#server.closeAllConnections()
  }

  #accept(req: IncomingMessage, res: ServerResponse, waiting: boolean): void {
    // The last answer was given, and the rest is read for its sake alone (RFC 9112 §9.6).
    if (!req.socket.writable) return void req.resume()
    const connection = connectionOf(req.socket, this.trusted)
    connection.last = req
    if (connection.enter()) this.#serve(connection, req, res, waiting, undefined)
    else connection.wait(() => this.#serve(connection, req, res, waiting, undefined))
  }

  #serve(
    connection: Connection,
    req: IncomingMessage,
    res: ServerResponse,
    waiting: boolean,
    handshake: Handshake | undefined,
  ): void {
    const head = readHead(req, this.#limits)
    const { path, refused } = head
    if (head.last || (req as Marked)[LAST] === true) res.shouldKeepAlive = false
    const framing: Framing = { length: head.length, waiting }
    const source = framing.length === 0 ? undefined : this.#bodyOf(req, res, waiting, framing)
    connection.body = source
    if (connection.broken) source?.break()
    // RFC 9110 §10.1.1: without a body there is nothing to wait for; but Node would close the connection.
    if (waiting && source === undefined && refused === undefined) res.writeContinue()
    const headers = new HeaderList(req.rawHeaders)
    const x = new Exchange(
      {
        method: req.method ?? 'GET',
        path,
        query: head.query,
        httpVersion: req.httpVersion,
        headers,
        body: source === undefined ? Body.empty() : new Body(source, framing.length),
        upgrade: handshake === undefined || refused !== undefined ? undefined : req.headers.upgrade,
      },
      this.#downstream(connection, headers, head.host),
      this.#runtime.clock.now(),
    )
    this.#runtime.begin(x)
    this.#active++
    const overload = this.#options.sheds && refused === undefined ? this.#runtime.overload : undefined
    const shed = overload?.enter()
    if (x.request.upgrade !== undefined) handshake?.watch()
    const { sendTimeoutMs } = this.#limits
    const writer = new ResponseWriter(req, res, source, framing, this.#runtime.timers, sendTimeoutMs, handshake)
    x.interim = writer
    const run = new HookRunner(x, this.#chain, this.#runtime, (response) => writer.deliver(response, x, this.#draining))
    writer.onOver = (outcome, error) => {
      run.finish(outcome, error)
      if (--this.#active === 0) this.#idle?.()
      if (shed === undefined) overload?.leave()
      connection.next()
      if (source === undefined) return
      source.drain()
      x.request.body.discard()
    }
    if (refused !== undefined) {
      x.response = renderReply(x, errorReply(new WeirError(refused), 'engine'))
      writer.deliver(x.response, x, true)
    } else if (shed !== undefined) {
      x.response = renderReply(x, Overload.reply)
      attribute(x.response)
      writer.deliver(x.response, x, this.#draining)
    } else if (path === '*' && x.request.method === 'OPTIONS') {
      x.response = renderReply(x, new LocalReply(204, 'options', { headers: { Allow: ALLOW } }))
      writer.deliver(x.response, x, this.#draining)
    } else run.start()
  }

  #bodyOf(req: IncomingMessage, res: ServerResponse, waiting: boolean, framing: Framing): RequestBody {
    const stall = { ms: this.#limits.bodyTimeoutMs, timers: this.#runtime.timers }
    return new RequestBody(req, stall, waiting ? goOn(res, framing) : undefined)
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

  /** A request to switch, or to `CONNECT`, which is refused like any other that is not served. */
  #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = connectionOf(req.socket, this.trusted)
    connection.last = req
    socket.on('error', cut)
    connection.queue(() => {
      const res = new ServerResponse(req)
      res.assignSocket(req.socket)
      const handshake = new Handshake(req.socket, head, this.#tunnels, this.#runtime.timers)
      if (req.method !== 'CONNECT' && offerOf(req, this.#limits.upgradeProtocols) === 'ignore') {
        handshake.watch()
        res.shouldKeepAlive = !/(?:^|,)\s*close\s*(?:,|$)/i.test(req.headers.connection ?? '')
        res.once('finish', () => this.#takeBack(req, res, handshake, head))
        return this.#serve(connection, req, res, false, undefined)
      }
      // A refusal is an ordinary response, and the last one: Node's parser has let go of this socket.
      res.once('finish', () => endSlowly(req.socket, this.#runtime.timers))
      this.#serve(connection, req, res, false, handshake)
    })
  }

  /** An ignored offer was answered: the connection goes on behind it, with a parser of its own. */
  #takeBack(req: IncomingMessage, res: ServerResponse, handshake: Handshake, head: Buffer): void {
    const { socket } = req
    handshake.settle()
    if (!res.shouldKeepAlive || !socket.writable) return endSlowly(socket, this.#runtime.timers)
    res.detachSocket(socket)
    socket.off('error', cut)
    socket.setTimeout(0)
    if (head.length > 0) socket.unshift(head)
    res.emit('close')
    this.#server.emit('connection', socket)
  }

  /** Bytes that are no request: RFC 9112 §2.2. There is no exchange, but `log` hears of it. */
  #unparsed(error: ParserError, socket: Duplex): void {
    const connection = connectionOf(socket, this.trusted)
    const { busy, last } = connection
    // RFC 9112 §8: whoever ends amid a message has broken it off.
    if (!isParserError(error) || (busy && error.code === 'HPE_INVALID_EOF_STATE')) return void socket.destroy(error)
    // What follows the last answer counts for nothing (RFC 9112 §9.6), nor does what follows something bad.
    if (connection.broken || !socket.writable) return
    connection.broken = true
    // In a body: that request is answered, if it has not been already.
    if (last?.complete === false) return busy ? connection.body?.break() : void socket.destroy()
    // Behind other requests: what is right is answered first (RFC 9112 §9.3.2), and no reset overtakes that (§9.6).
    if (busy) (socket as Socket).destroySoon = () => endSlowly(socket, this.#runtime.timers)
    connection.queue(() => {
      const status = unparsedStatus(error)
      if (status !== undefined) socket.write(unparsedAnswer(status))
      endSlowly(socket, this.#runtime.timers)
      if (status === undefined) return
      this.#runtime.log(this.#chain.base.logs, {
        exchange: undefined,
        peer: connection.peer,
        outcome: 'unparsed',
        status,
        error: undefined,
        durationMs: 0,
      })
    })
  }
}

/**
 * What the gateway as a whole may forward: `OPTIONS *` asks no endpoint, and is answered before any filter runs (RFC 9110
 * §9.3.7). Extension methods pass too, but can't be listed.
 */
const ALLOW = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/** A connection that Node's server has let go of is ours to close. */
function cut(this: Duplex): void {
  this.destroy()
}

/** Sends `100 Continue` when the body is first read (RFC 9110 §10.1.1). */
const goOn = (res: ServerResponse, framing: Framing) => (): void => {
  framing.waiting = false
  res.writeContinue()
}
