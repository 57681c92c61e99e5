import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher, Pool } from 'undici'
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

  constructor(origin: URL, { connect, ...options }: Client.Options) {
    const link: { made?: (socket: Socket) => void } = {}
    super(origin, {
      ...options,
      // A pool has made a function of its settings by now.
      connect: (to, done) =>
        (connect as buildConnector.connector)(to, (...result) => {
          if (result[1] !== null) link.made?.(result[1])
          done(...result)
        }),
    })
    link.made = (socket) => {
      this.answers = 0
      this.#socket = socket
    }
  }

  /** True if the present connection broke, rather than being ended. */
  get broken(): boolean {
    return this.#socket?.errored != null
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
