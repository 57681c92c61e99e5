import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The limit on the time in which a client reads nothing. It uses the timeout of the socket, which notices every byte that the
 * kernel takes; streams have no event for that. The timeout is set only while something waits to be sent.
 */
export class SendTimeout {
  readonly #res: ServerResponse
  readonly #socket: Socket
  readonly #ms: number
  readonly #stalled: () => void
  #armed = false

  /** @param stalled called once, when the client has read nothing for `ms` milliseconds */
  constructor(res: ServerResponse, socket: Socket, ms: number, stalled: () => void) {
    this.#res = res
    this.#socket = socket
    this.#ms = ms
    this.#stalled = stalled
  }

  start(): void {
    if (!this.#armed) {
      this.#armed = true
      // Without a listener Node would close the connection, and the reason would be lost.
      this.#res.once('timeout', this.#stalled)
      // It must run before Node sets the timeout for idle connections.
      this.#res.prependOnceListener('finish', () => this.stop())
    }
    this.#socket.setTimeout(this.#ms)
  }

  stop(): void {
    this.#socket.setTimeout(0)
  }
}
