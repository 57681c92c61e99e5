// What went over a socket in one direction, at one of its ends.
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'

/** Hash and count of some bytes; and the bytes themselves, where part of them is to be compared. */
export class Tape {
  bytes = 0
  #hash = createHash('sha1')
  #kept: Buffer[] | undefined

  constructor(keep: boolean) {
    this.#kept = keep ? [] : undefined
  }

  take(data: Buffer | string): void {
    const chunk = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    this.bytes += chunk.length
    this.#hash.update(chunk)
    this.#kept?.push(Buffer.from(chunk))
  }

  /** Forgets what it has. */
  clear(): void {
    this.bytes = 0
    this.#hash = createHash('sha1')
    if (this.#kept !== undefined) this.#kept = []
  }

  equals(other: Tape): boolean {
    return this.bytes === other.bytes && this.#hash.copy().digest().equals(other.#hash.copy().digest())
  }

  /** Whether the bytes that `other` kept begin with those that this kept. */
  begins(other: Tape): boolean {
    const all = Buffer.concat(other.#kept!)
    return this.bytes <= all.length && Buffer.concat(this.#kept!).equals(all.subarray(0, this.bytes))
  }
}

export interface Tapes {
  readonly sent: Tape
  readonly received: Tape
}

/** Records both directions from now on. */
export function record(socket: Duplex, keep: boolean): Tapes {
  const tapes = { sent: new Tape(keep), received: new Tape(keep) }
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  socket.write = (...args: unknown[]): boolean => {
    tapes.sent.take(args[0] as Buffer | string)
    return write(...args)
  }
  socket.on('data', (chunk: Buffer) => tapes.received.take(chunk))
  return tapes
}
