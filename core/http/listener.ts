import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import type { Chain } from '../chain/chain.ts'
import type { Runtime } from '../chain/runtime.ts'
import { type SharedLimits, UNDIVIDED } from '../state/shared-limits.ts'
import { Connections } from './connections.ts'
import { LeanRequest } from './lean-request.ts'
import { type ListenerSettings, ListenerState } from './listener-state.ts'
import type { Overload } from './overload.ts'
import { acceptRequest } from './served-request.ts'
import { refuseUnparsed } from './unparsed-request.ts'
import { acceptUpgrade, boundQueue, leavesParser } from './upgrade-request.ts'

/**
 * Idle connections stay open this long after the last response. If its head went out before the listener was asked to
 * stop, it did not say `Connection: close`, and its client may be writing the next request (RFC 9112 §9.6).
 */
const PARTING_MS = 500

/** When no request is in flight any more, a head that has begun must be complete within this time, or it gets 408. */
const LAST_HEAD_MS = 2000

/** Settings of a listener that can't change while it runs. */
export interface ListenerOptions {
  readonly name: string
  /** Undefined: all addresses. */
  readonly host: string | undefined
  readonly port: number
  /** Descriptor of a socket that another process has bound to that address. Undefined: the listener binds one itself. */
  readonly fd?: number | undefined
  /** Sheds requests of this listener when the process is overloaded. Undefined: they are never shed. */
  readonly overload: Overload | undefined
  /** Divides the limit on connections between processes. Undefined: this process has all of it. */
  readonly shared?: SharedLimits | undefined
}

/**
 * One listening socket: opens it, applies settings, drains and closes it. It passes on what arrives on its connections:
 * requests to served-request.ts, offers to upgrade to upgrade-request.ts, bytes that are no request to unparsed-request.ts.
 */
export class Listener {
  readonly name: string
  readonly #options: ListenerOptions
  readonly #state: ListenerState
  readonly #connections: Connections
  readonly #server: Server

  constructor(options: ListenerOptions, runtime: Runtime, settings: ListenerSettings) {
    this.name = options.name
    this.#options = options
    const state = new ListenerState(settings, runtime, options.overload)
    this.#state = state
    this.#connections = new Connections(state, options.name, options.shared ?? UNDIVIDED)
    const server = createServer({
      // Long uploads are legitimate; uploads that stall have a limit of their own.
      requestTimeout: 0,
      connectionsCheckingInterval: 1000,
      // RFC 9112 §3.2 is checked by readHead, so that `log` sees the request.
      requireHostHeader: false,
      IncomingMessage: LeanRequest,
      // A request without a body is no stream that must be read to its end.
      optimizeEmptyRequests: true,
      // `Connections` closes idle ones: Node would start and stop a timer for each request (1 µs).
      keepAliveTimeout: 0,
      shouldUpgradeCallback: (req: IncomingMessage) => leavesParser(state, req),
    } as Parameters<typeof createServer>[0])
    this.#server = server
    this.configure(settings)
    server.on('connection', (socket) => {
      const connection = this.#connections.opened(socket)
      if (connection !== undefined) connection.onFirstWait = () => boundQueue(connection, socket)
    })
    server.on('drop', () => state.overload?.refused('total'))
    server.on('request', (req, res) => acceptRequest(state, req, res, false))
    server.on('checkContinue', (req, res) => acceptRequest(state, req, res, true))
    server.on('checkExpectation', (req, res) => acceptRequest(state, req, res, false))
    server.on('upgrade', (req, socket, head) => acceptUpgrade(state, server, req, socket, head))
    server.on('connect', (req, socket, head) => acceptUpgrade(state, server, req, socket, head))
    server.on('clientError', (error, socket) => refuseUnparsed(state, error, socket))
  }

  /** Applies settings; those that are left out stay as they are. */
  configure(settings: Partial<ListenerSettings>): void {
    this.#state.configure(settings)
    const { limits } = this.#state.settings
    this.#server.headersTimeout = limits.headersTimeoutMs
    // Node silently drops fields beyond its limit, or rejects the head as no request: readHead must see them first.
    this.#server.maxHeadersCount = 2 * limits.maxHeadersCount
    this.#connections.limit(this.#server)
    Object.assign(this.#server, { maxHeaderSize: limits.maxHeadersSize })
  }

  /** Connections that are open, tunnels included. */
  get connections(): number {
    return this.#connections.count
  }

  /** Requests that have no complete response yet, tunnels included. */
  get inFlight(): number {
    return this.#state.inFlight
  }

  /** The chain that new requests lease. */
  get chain(): Chain {
    return this.#state.settings.chain
  }

  /** Opens the socket. Resolves to its address; rejects if the configured one can't be bound. */
  async open(): Promise<AddressInfo> {
    const { host, port, fd } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(fd === undefined ? { port, host } : { fd }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    return this.address
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo
  }

  /** From now on every response says `Connection: close`. */
  drain(): void {
    this.#state.draining = true
  }

  /**
   * Stops accepting connections. Resolves when no request is in flight. Idle connections are closed, and WebSockets get a
   * Close frame.
   */
  async close(): Promise<void> {
    const state = this.#state
    state.draining = true
    state.tunnels.leave()
    // http.Server's own close() cuts idle connections at once, though a request may be arriving on them.
    const closed = new Promise<void>((resolve) => void NetServer.prototype.close.call(this.#server, () => resolve()))
    do {
      await state.idle()
      const { promise: parted, resolve } = Promise.withResolvers<void>()
      const parting = state.runtime.timers.after(PARTING_MS, resolve)
      await Promise.race([closed, parted])
      parting.cancel()
    } while (state.inFlight > 0)
    this.#server.headersTimeout = Math.min(state.settings.limits.headersTimeoutMs, LAST_HEAD_MS)
    this.#server.closeIdleConnections()
    await closed
  }

  /** Closes everything that is still open, at once. */
  destroy(): void {
    this.#state.tunnels.destroy()
    this.#server.closeAllConnections()
  }
}
