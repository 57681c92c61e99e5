// An HTTP/1.1 client that costs as little as it can: it sends the same bytes again and again, and of a response it reads the status and
// Content-Length. One request at a time.
import { connect, type Socket } from 'node:net'

/** The bytes of a request without a body. */
export function requestBytes(port: number, path: string, headers: Readonly<Record<string, string>>): Buffer {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields.join('')}\r\n`)
}

const HEAD_END = Buffer.from('\r\n\r\n')
const GOOD = 'HTTP/1.1 200'

export class RawConnection {
  readonly #socket: Socket
  readonly #onResponse: (connection: RawConnection, good: boolean) => void
  /** Bytes of the head so far, where a packet ended within it. */
  #head: Buffer | undefined
  #missing = 0

  /** `onResponse` runs after each whole response; with `false` for a status other than 200, and when the connection ends. */
  constructor(port: number, buffer: Buffer, onResponse: (connection: RawConnection, good: boolean) => void) {
    this.#onResponse = onResponse
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      // All connections share one buffer, so that nothing is allocated per packet.
      onread: { buffer, callback: (length, bytes) => this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, length)) },
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => onResponse(this, false))
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy()
  }

  #take(bytes: Buffer): boolean {
    if (this.#missing > 0) {
      this.#missing -= bytes.length
      if (this.#missing <= 0) this.#onResponse(this, true)
      return true
    }
    const data = this.#head === undefined ? bytes : Buffer.concat([this.#head, bytes])
    const end = data.indexOf(HEAD_END)
    if (end === -1) {
      this.#head = Buffer.from(data)
      return true
    }
    this.#head = undefined
    const head = data.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    const good = head.startsWith(GOOD) && length !== undefined
    this.#missing = Number(length ?? 0) - (data.length - end - HEAD_END.length)
    if (!good || this.#missing <= 0) this.#onResponse(this, good)
    return true
  }
}
