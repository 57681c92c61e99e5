import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RequestBody } from './request-body.ts'
import { plainAddress, type TrustedProxies } from './trusted-proxies.ts'

const CONNECTION = Symbol('weir.connection')

/** So many requests may wait for those before them on their connection; more stay in the socket. */
const MAX_WAITING = 16

/** A request that waits for those before it. */
export interface Waiting {
  /** It is its turn. */
  start(): void
  /** Its turn will not come: the connection has ended. */
  drop?(): void
}

/** A downstream connection: the peer, and the queue of its requests. */
export class Connection {
  readonly peer: string
  readonly scheme: 'http' | 'https'
  /** The request whose head was parsed last, as long as it is needed. */
  last: IncomingMessage | undefined
  /** Body of the request that is being served. */
  body: RequestBody | undefined
  /** Response to it. */
  response: ServerResponse | undefined
  /** Is told when the connection closes before the response to it is over. */
  writer: { closed(): void } | undefined
  /** When it was first seen without an exchange since the last one; monotonic milliseconds. */
  idleSince: number | undefined
  /** The parser has failed: nothing that still comes is a request. */
  broken = false
  /** Called once, when a request has to wait for the first time. */
  onFirstWait: (() => void) | undefined
  readonly #socket: Duplex
  readonly #waiting: Waiting[] = []
  #busy = false
  /** The ranges that were asked last, and what they said. */
  #proxies: TrustedProxies | undefined
  #trusted = false

  constructor(socket: Duplex) {
    this.#socket = socket
    this.peer = plainAddress((socket as Socket).remoteAddress)
    this.scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  }

  /** Whether as many requests wait as may. */
  get full(): boolean {
    return this.#waiting.length >= MAX_WAITING
  }

  /** Whether the peer is one of these proxies. Asked for every request, because a reload may change them. */
  isTrusted(proxies: TrustedProxies): boolean {
    if (this.#proxies !== proxies) {
      this.#proxies = proxies
      this.#trusted = proxies.has(this.peer)
    }
    return this.#trusted
  }

  /** True while an exchange is being served. */
  get busy(): boolean {
    return this.#busy
  }

  /** Calls `start` now, or when the exchanges before are over: pipelined requests are served one at a time, in order. */
  queue(start: () => void): void {
    // The last response was sent: what still comes is not served (RFC 9112 §9.6).
    if (!this.#socket.writable) return
    if (this.enter()) start()
    else this.wait({ start })
  }

  /** Begins an exchange, if none is being served. @returns whether it did */
  enter(): boolean {
    if (this.#busy) return false
    this.#busy = true
    this.idleSince = undefined
    return true
  }

  /** Starts a request when the exchanges before are over. */
  wait(request: Waiting): void {
    this.#waiting.push(request)
    this.onFirstWait?.()
    this.onFirstWait = undefined
    // What is parsed already waits here. No more is read from the socket until the queue is empty.
    this.#socket.pause()
  }

  /** The current exchange is over: serves the next one that waits. */
  next(): void {
    this.#busy = false
    this.body = undefined
    this.response = undefined
    this.writer = undefined
    const first = this.#waiting.shift()
    if (first === undefined) {
      // An idle connection keeps no message alive.
      if (this.last?.complete === true) this.last = undefined
      return
    }
    // RFC 9112 §9.6: nothing after a response with `Connection: close` is served, because its response can't be sent.
    if (!this.#socket.writable) {
      first.drop?.()
      for (const request of this.#waiting.splice(0)) request.drop?.()
      return
    }
    if (this.#waiting.length === 0) this.#socket.resume()
    this.#busy = true
    first.start()
  }
}

/** The connection of a socket, created on first use. */
export function connectionOf(socket: Duplex): Connection {
  const holder = socket as Duplex & { [CONNECTION]?: Connection }
  holder[CONNECTION] ??= new Connection(socket)
  return holder[CONNECTION]
}
