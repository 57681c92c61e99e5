import { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import { WeirError } from '../../core/index.ts'
import { ColonSpace } from './colon-space.ts'
import type { Addresses, Connection } from './dns/addresses.ts'
import type { Shortages } from './shortages.ts'
import { WriteErrors } from './write-errors.ts'

/** Handler of a request that a pool with counting clients sends. */
export interface PooledRequest {
  /** Client whose connection carries the request; set when the pool hands the request to it. */
  client: CountingClient | undefined
}

/**
 * A client that counts the responses on its present connection, so that a reused connection that closes can be told from a new
 * one. It also knows whether the connection ended with an error, and closes it when its address no longer belongs to the name.
 */
export class CountingClient extends Client implements Connection {
  responses = 0
  #socket: Socket | undefined
  #connecting: Socket | undefined
  #broken = false
  readonly #addresses: Addresses | undefined
  /** Whether the connection closes as soon as it is idle. */
  #retired = false
  /** Address of the present connection, until it closes or becomes a tunnel. */
  address: string | undefined = undefined
  /** Of the present connection, once it has carried an upload. */
  #writeErrors: WriteErrors | undefined
  #colonSpace: ColonSpace | undefined
  /** The same for all requests: undici would take it from `Host`, and begin a new connection when it changes. */
  readonly #serverName: string | undefined

  /** @param serverName name that TLS sends and verifies; empty if the address is verified */
  constructor(
    origin: URL,
    { connect, ...options }: Client.Options,
    serverName: string,
    addresses?: Addresses,
    shortages?: Pick<Shortages, 'note'>,
  ) {
    // Set below, before any connection: `this` exists only behind `super`.
    const link = {} as {
      begun: (socket: unknown) => void
      made: (...result: Parameters<buildConnector.Callback>) => void
    }
    super(origin, {
      ...options,
      // The pool has turned its settings into a function.
      connect: (to, done) =>
        link.begun(
          // The name that the first request gave is not the connection's.
          (connect as buildConnector.connector)({ ...to, servername: serverName }, (...result) => {
            link.made(...result)
            done(...result)
          }),
        ),
    })
    // undici's own connector returns the socket at once, though its types don't say so.
    link.begun = (socket) => {
      if (socket instanceof Socket) this.#connecting = socket
    }
    this.#serverName = origin.protocol === 'https:' ? serverName || origin.hostname : undefined
    this.#addresses = addresses
    link.made = (error, socket) => {
      this.#connecting = undefined
      // The types say null, but with an error there is no second argument.
      if (socket == null) {
        if (!(error instanceof WeirError) && shortages?.note(error) !== true) addresses?.suspect()
        return
      }
      this.responses = 0
      this.#broken = false
      this.#writeErrors = undefined
      this.#colonSpace = new ColonSpace(socket)
      this.#socket = socket
      this.#join(socket.remoteAddress)
      // The pool keeps this client when its connection is closed, so the client must forget the socket.
      socket.once('close', () => {
        if (this.#socket !== socket) return
        this.#leave()
        this.#broken = socket.errored != null
        this.#socket = undefined
        this.#writeErrors = undefined
        this.#colonSpace = undefined
      })
    }
    if (addresses === undefined) return
    // This comes too when a connection becomes a tunnel, which is not this client's from then on.
    this.on('disconnect', () => this.#leave())
    this.on('drain', () => this.#closeIfRetired())
  }

  /** Whether the present connection ended with an error. */
  get broken(): boolean {
    return this.#broken || this.#socket?.errored != null
  }

  /** Gives up the attempt to connect, because its request was cancelled and no other one waits for it. */
  abandon(): void {
    if (this.stats.size <= 1) this.#connecting?.destroy(new WeirError('client_gone'))
  }

  /** Closes the present connection. */
  drop(): void {
    this.#socket?.destroy()
  }

  /** Closes the connection when it is idle, because its address no longer belongs to the name. Requests in flight finish. */
  retire(): void {
    this.#retired = true
    this.#closeIfRetired()
  }

  /** A request begins on the present connection: with a body or without. */
  begin(uploading: boolean): void {
    this.#colonSpace?.expectHead()
    if (uploading && this.#socket !== undefined) this.#writeErrors ??= new WriteErrors(this.#socket)
    if (this.#writeErrors !== undefined) this.#writeErrors.held = uploading
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    ;(handler as Dispatcher.DispatchHandler & PooledRequest).client = this
    if (this.#addresses !== undefined) {
      this.#addresses.touch()
      this.#closeIfRetired()
    }
    // The types don't know the option.
    const own = this.#serverName === undefined ? options : { ...options, servername: this.#serverName }
    return super.dispatch(own, handler)
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
    // The name may have moved during the connect.
    this.#retired = address !== undefined && !this.#addresses.has(address)
  }

  #leave(): void {
    this.#addresses?.leave(this)
    this.#retired = false
  }
}
