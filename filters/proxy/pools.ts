import { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher, Pool } from 'undici'
import { WeirError } from '../../core/index.ts'
import type { UpstreamRequest } from './upstream-request.ts'

/** How connections to one origin are made. Equal settings share a pool. */
export interface PoolSettings {
  readonly origin: string
  readonly connectTimeoutMs: number
  readonly keepAliveMs: number
  /** PEM bundle; undefined: the system's authorities. */
  readonly ca: string | undefined
  readonly verify: boolean
}

/**
 * A client that knows how many answers its present connection has given, so that the death of a reused connection can be
 * told from that of a fresh one; and whether it died of an error.
 */
export class CountingClient extends Client {
  answers = 0
  #socket: Socket | undefined
  #connecting: Socket | undefined
  #broken = false

  constructor(origin: URL, { connect, ...options }: Client.Options) {
    const link: { begun?: (socket: unknown) => void; made?: (socket: Socket | null | undefined) => void } = {}
    super(origin, {
      ...options,
      // A pool has made a function of its settings by now.
      connect: (to, done) =>
        link.begun?.(
          (connect as buildConnector.connector)(to, (...result) => {
            link.made?.(result[1])
            done(...result)
          }),
        ),
    })
    // undici's own connector gives the socket at once, though its types don't say so.
    link.begun = (socket) => {
      if (socket instanceof Socket) this.#connecting = socket
    }
    link.made = (socket) => {
      this.#connecting = undefined
      // Its types promise null, but an error comes alone.
      if (socket == null) return
      this.answers = 0
      this.#broken = false
      this.#socket = socket
      // The pool keeps this client when its connection is gone; what hung on that, a tunnel above all, must go.
      socket.once('close', () => {
        if (this.#socket !== socket) return
        this.#broken = socket.errored != null
        this.#socket = undefined
      })
    }
  }

  /** True if the present connection broke, rather than being ended. */
  get broken(): boolean {
    return this.#broken || this.#socket?.errored != null
  }

  /** The request that waits for a connection has been given up: nobody else waits for it, and none is kept that nobody used. */
  abandon(): void {
    if (this.stats.size <= 1) this.#connecting?.destroy(new WeirError('client_gone'))
  }

  /** Closes the present connection. */
  drop(): void {
    this.#socket?.destroy()
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    ;(handler as UpstreamRequest).client = this
    return super.dispatch(options, handler)
  }
}

export function makePool(settings: PoolSettings): Pool {
  return new Pool(settings.origin, {
    // undici would offer h2 by itself; until it is wanted and tested, upstreams are spoken to in HTTP/1.1.
    allowH2: false,
    pipelining: 1,
    // The engine owns these deadlines: undici's timers tick by about a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: settings.keepAliveMs,
    keepAliveMaxTimeout: 600_000,
    maxHeaderSize: 64 * 1024,
    connect: {
      timeout: settings.connectTimeoutMs,
      rejectUnauthorized: settings.verify,
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    },
    factory: (origin, options) => new CountingClient(origin, options as Client.Options),
  })
}
