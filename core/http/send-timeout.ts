import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Watches over a client that does not read. The socket's own timeout sees each byte that the kernel takes, which no event
 * of a stream tells; it is only set while something waits to be taken.
 */
export class SendTimeout {
  readonly #res: ServerResponse
  readonly #socket: Socket
  readonly #ms: number
  readonly #stalled: () => void
  #armed = false

  /** @param stalled called once, when the client has taken nothing for `ms` */
  constructor(res: ServerResponse, socket: Socket, ms: number, stalled: () => void) {
    this.#res = res
    this.#socket = socket
    this.#ms = ms
    this.#stalled = stalled
  }

  start(): void {
    if (!this.#armed) {
      this.#armed = true
      // Without a listener Node closes the connection, and nobody knows why.
      this.#res.once('timeout', this.#stalled)
      // Before Node sets the timeout of an idle connection.
      this.#res.prependOnceListener('finish', () => this.stop())
    }
    this.#socket.setTimeout(this.#ms)
  }

  stop(): void {
    this.#socket.setTimeout(0)
  }
}
