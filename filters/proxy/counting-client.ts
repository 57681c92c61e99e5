import { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import { WeirError } from '../../core/index.ts'
import type { Addresses, Connection } from './dns/addresses.ts'

/** Handler of a request that a pool with counting clients sends. */
export interface PooledRequest {
  /** Client whose connection carries the request; set when the pool hands the request to it. */
  client: CountingClient | undefined
}

/**
 * A client that knows how many responses its present connection has given, so that the death of a reused connection can be
 * told from that of a fresh one; whether it died of an error; and whether its address is still one of the name's.
 */
export class CountingClient extends Client implements Connection {
  responses = 0
  #socket: Socket | undefined
  #connecting: Socket | undefined
  #broken = false
  readonly #addresses: Addresses | undefined
  /** To be closed as soon as it is idle. */
  #retired = false
  /** Of the present connection, until it is closed or becomes a tunnel. */
  address: string | undefined = undefined

  constructor(origin: URL, { connect, ...options }: Client.Options, addresses?: Addresses) {
    const link: { begun?: (socket: unknown) => void; made?: (...result: Parameters<buildConnector.Callback>) => void } =
      {}
    super(origin, {
      ...options,
      // A pool has made a function of its settings by now.
      connect: (to, done) =>
        link.begun?.(
          (connect as buildConnector.connector)(to, (...result) => {
            link.made?.(...result)
            done(...result)
          }),
        ),
    })
    // undici's own connector gives the socket at once, though its types don't say so.
    link.begun = (socket) => {
      if (socket instanceof Socket) this.#connecting = socket
    }
    this.#addresses = addresses
    link.made = (error, socket) => {
      this.#connecting = undefined
      // Its types promise null, but an error comes alone.
      if (socket == null) {
        if (!(error instanceof WeirError)) addresses?.suspect()
        return
      }
      this.responses = 0
      this.#broken = false
      this.#socket = socket
      this.#join(socket.remoteAddress)
      // The pool keeps this client when its connection is gone; what hung on that, a tunnel above all, must go.
      socket.once('close', () => {
        if (this.#socket !== socket) return
        this.#leave()
        this.#broken = socket.errored != null
        this.#socket = undefined
      })
    }
    if (addresses === undefined) return
    // Of a tunnel too, which is not this client's from then on.
    this.on('disconnect', () => this.#leave())
    this.on('drain', () => this.#closeIfRetired())
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

  /** Its address is gone: no new request goes there, and what is in flight finishes. */
  retire(): void {
    this.#retired = true
    this.#closeIfRetired()
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    ;(handler as Dispatcher.DispatchHandler & PooledRequest).client = this
    if (this.#addresses !== undefined) {
      this.#addresses.touch()
      this.#closeIfRetired()
    }
    return super.dispatch(options, handler)
  }

  #closeIfRetired(): void {
    if (!this.#retired || this.stats.size > 0) return
    this.#retired = false
    this.drop()
  }

  #join(address: string | undefined): void {
    if (this.#addresses === undefined) return
    this.address = address
    this.#addresses.join(this)
    // The name may have moved while the connection was made.
    this.#retired = address !== undefined && !this.#addresses.has(address)
  }

  #leave(): void {
    this.#addresses?.leave(this)
    this.#retired = false
  }
}
