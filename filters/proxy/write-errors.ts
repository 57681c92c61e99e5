import type { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/** Errors of writes to a peer that has closed or reset the connection. */
const CLOSED = new Set(['EPIPE', 'ECONNRESET'])

/**
 * Keeps the error of a write from hiding a response. An upstream may send a response before it has read the whole upload, and
 * close (RFC 9112 §9.5 asks the sender to watch for one). The next write fails then, and Node would destroy the socket with that
 * response unread. Such a write is left undone instead, so that nothing further is written, until the read side ends, which
 * it always does; that ends the request: with the response, or with its own error.
 */
export class WriteErrors {
  /** False: errors are told at once, as a tunnel wants them. */
  held = false
  readonly #socket: Socket
  /** Of the write under way; a stream has one at a time. */
  #done!: Done

  constructor(socket: Socket) {
    this.#socket = socket
    const write = socket._write
    const writev = socket._writev!
    const over = (error?: Error | null): void => this.#over(error)
    socket._write = (chunk, encoding, done) => {
      this.#done = done
      write.call(socket, chunk, encoding, over)
    }
    socket._writev = (chunks, done) => {
      this.#done = done
      writev.call(socket, chunks, over)
    }
  }

  #over(error?: Error | null): void {
    const code = (error as NodeJS.ErrnoException | null | undefined)?.code ?? ''
    const done = this.#done
    if (!this.held || !CLOSED.has(code) || this.#socket.readableEnded) return done(error)
    this.#socket.once('end', () => done(error))
  }
}
