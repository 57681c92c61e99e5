import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RequestBody } from './request-body.ts'
import { plainAddress, type TrustedProxies } from './trusted-proxies.ts'

const CONNECTION = Symbol('weir.connection')

/** A downstream connection: who is at its other end, and whose turn it is. */
export class Connection {
  readonly peer: string
  readonly trusted: boolean
  readonly scheme: 'http' | 'https'
  /** The request whose head was parsed last, while it matters. */
  last: IncomingMessage | undefined
  /** Body of the request that is served. */
  body: RequestBody | undefined
  /** The parser has given up: nothing that still comes is a request. */
  broken = false
  readonly #socket: Duplex
  readonly #waiting: (() => void)[] = []
  #busy = false

  constructor(socket: Duplex, trusted: TrustedProxies) {
    this.#socket = socket
    this.peer = plainAddress((socket as Socket).remoteAddress)
    this.trusted = trusted.has(this.peer)
    this.scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'
  }

  /** True while an exchange is served. */
  get busy(): boolean {
    return this.#busy
  }

  /** Serves now, or when the exchanges before are over: pipelined requests are served one at a time, in order. */
  queue(start: () => void): void {
    // The last answer was given: what still comes is neither served nor answered (RFC 9112 §9.6).
    if (!this.#socket.writable) return
    if (this.enter()) start()
    else this.wait(start)
  }

  /** Takes the turn, if nobody has it. */
  enter(): boolean {
    if (this.#busy) return false
    this.#busy = true
    return true
  }

  /** Serves when the exchanges before are over. */
  wait(start: () => void): void {
    this.#waiting.push(start)
    // What is parsed already waits here; the socket is not read for more until it is its turn.
    this.#socket.pause()
  }

  /** The exchange that was served is over. */
  next(): void {
    this.#busy = false
    this.body = undefined
    const start = this.#waiting.shift()
    if (start === undefined) {
      // An idle connection keeps no message alive.
      if (this.last?.complete === true) this.last = undefined
      return
    }
    // RFC 9112 §9.6: nothing behind an answer with `Connection: close` is served, for nobody would hear of it.
    if (!this.#socket.writable) {
      this.#waiting.length = 0
      return
    }
    if (this.#waiting.length === 0) this.#socket.resume()
    this.#busy = true
    start()
  }
}

/** The connection of a socket; made when its first message comes. */
export function connectionOf(socket: Duplex, trusted: TrustedProxies): Connection {
  const holder = socket as Duplex & { [CONNECTION]?: Connection }
  holder[CONNECTION] ??= new Connection(socket, trusted)
  return holder[CONNECTION]
}
