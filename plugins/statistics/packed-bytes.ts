/** Bytes can't be what they should be. */
export class PackedBytesError extends Error {}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Writes numbers and texts to bytes, short ones for small numbers. */
export class PackedWriter {
  #bytes = new Uint8Array(512)
  length = 0

  /** A whole number from 0 to 2^53, seven bits a byte, the lowest first (LEB128). */
  number(value: number): void {
    if (this.length + 8 > this.#bytes.length) this.#grow(8)
    const bytes = this.#bytes
    let rest = value
    while (rest >= 128) {
      bytes[this.length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    bytes[this.length++] = rest
  }

  text(value: string): void {
    this.block(encoder.encode(value))
  }

  /** Bytes, with their length in front. */
  block(bytes: Uint8Array): void {
    this.number(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#bytes.length) this.#grow(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** What was written, until the next change. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  /** What was written. The writer is empty then. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.length)
    this.length = 0
    // What was needed once, in a peak, is not kept.
    if (this.#bytes.length > 4 * taken.length + 512) this.#bytes = new Uint8Array(512)
    return taken
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.ceil((this.length + more) * 1.5))
    larger.set(this.view)
    this.#bytes = larger
  }
}

/** Reads what a PackedWriter wrote. @throws PackedBytesError for bytes that it can't have written */
export class PackedReader {
  bytes: Uint8Array
  at: number
  #end: number

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.bytes = bytes
    this.at = from
    this.#end = to
  }

  /** Reads others from now on. */
  open(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes
    this.at = from
    this.#end = to
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end
  }

  number(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 8; i++) {
      if (this.at >= this.#end) throw new PackedBytesError('a number is cut')
      const byte = this.bytes[this.at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
    throw new PackedBytesError('a number is too large')
  }

  text(): string {
    try {
      return decoder.decode(this.block())
    } catch (error) {
      throw error instanceof PackedBytesError ? error : new PackedBytesError('a text is not UTF-8')
    }
  }

  block(): Uint8Array {
    const length = this.number()
    if (this.at + length > this.#end) throw new PackedBytesError('a block is cut')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}
