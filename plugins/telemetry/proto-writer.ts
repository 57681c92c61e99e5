const EMPTY = Buffer.alloc(0)
const FIRST_BYTES = 64 * 1024
/** Larger memory is not kept while it is not used. */
const SPARE_BYTES = 256 * 1024
/** Longer texts are written by Node: the call costs more than the loop for short ones (measured). */
const SHORT = 128

/**
 * Writes Protocol Buffers (protobuf.dev, "Encoding") into one growing buffer. A tag is a whole byte, or several, as it is on the
 * wire: field number · 8 + wire type.
 */
export class ProtoWriter {
  #bytes: Buffer = EMPTY
  #at = 0
  #spare: Buffer = EMPTY

  /** Bytes written so far. */
  get length(): number {
    return this.#at
  }

  /** What was written. The writer begins anew, in a buffer of its own. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#at)
    this.#bytes = this.#spare
    this.#spare = EMPTY
    this.#at = 0
    return taken
  }

  /** Uses memory again that `take` gave, and that nobody reads any more: fresh memory costs page faults (measured). */
  recycle(taken: Buffer): void {
    if (taken.length <= SPARE_BYTES) this.#spare = Buffer.from(taken.buffer, taken.byteOffset)
  }

  /** Room for so many more bytes, so that the buffer does not grow in steps. */
  reserve(bytes: number): void {
    this.#need(bytes)
  }

  /** Takes back everything that was written since `length` was `at`. */
  rewind(at: number): void {
    this.#at = at
  }

  /** Begins a message inside another. @returns what `close` needs */
  open(tag: number): number {
    this.#need(2)
    this.#bytes[this.#at++] = tag
    return this.#at++
  }

  /** Ends a message: writes its length, for which `open` left one byte. */
  close(mark: number): void {
    const length = this.#at - mark - 1
    if (length < 0x80) {
      this.#bytes[mark] = length
      return
    }
    const more = sizeOf(length) - 1
    this.#need(more)
    this.#bytes.copyWithin(mark + 1 + more, mark + 1, this.#at)
    this.#at += more
    put(this.#bytes, mark, length)
  }

  /** @param value a whole number, from 0 to 2⁵³ − 1 */
  varint(tag: number, value: number): void {
    this.#need(11)
    this.#bytes[this.#at++] = tag
    this.#at = put(this.#bytes, this.#at, value)
  }

  /** An `int64`; negative numbers take ten bytes. */
  int64(tag: number, value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return this.varint(tag, value)
    this.#need(11)
    const bytes = this.#bytes
    bytes[this.#at++] = tag
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 0x7fn; rest >>= 7n) bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
    bytes[this.#at++] = Number(rest)
  }

  double(tag: number, value: number): void {
    this.#need(9)
    this.#bytes[this.#at++] = tag
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** @param tag of two bytes, the first one in the lower half */
  fixed32(tag: number, value: number): void {
    this.#need(6)
    const bytes = this.#bytes
    bytes[this.#at++] = tag & 0xff
    bytes[this.#at++] = tag >> 8
    this.#at = word(bytes, this.#at, value)
  }

  /** A time in nanoseconds as `fixed64`. @param ms milliseconds since the Unix epoch, with fractions */
  time(tag: number, ms: number): void {
    // A number does not hold the nanoseconds exactly: the milliseconds are multiplied in two parts.
    const whole = Math.floor(ms)
    const upper = Math.floor(whole / 0x10000) * 1e6
    const lower = (whole % 0x10000) * 1e6 + Math.round((ms - whole) * 1e6)
    const low = (upper % 0x10000) * 0x10000 + lower
    this.#need(9)
    const bytes = this.#bytes
    bytes[this.#at++] = tag
    const at = word(bytes, this.#at, low)
    this.#at = word(bytes, at, Math.floor(upper / 0x10000) + Math.floor(low / 0x100000000))
  }

  /** Hex digits, in lower case, as bytes. */
  hex(tag: number, digits: string): void {
    const size = digits.length >> 1
    this.#need(size + 2)
    const bytes = this.#bytes
    let at = this.#at
    bytes[at++] = tag
    bytes[at++] = size
    for (let i = 0; i < digits.length; i += 2)
      bytes[at++] = (NIBBLES[digits.charCodeAt(i)]! << 4) | NIBBLES[digits.charCodeAt(i + 1)]!
    this.#at = at
  }

  /** A text in UTF-8; a lone surrogate becomes U+FFFD. */
  text(tag: number, value: string): void {
    const { length } = value
    this.#need(length * 3 + 6)
    const bytes = this.#bytes
    let at = this.#at
    bytes[at++] = tag
    if (length < SHORT) {
      bytes[at] = length
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 0x7f) break
        bytes[at + 1 + i] = code
      }
      if (i === length) {
        this.#at = at + 1 + length
        return
      }
    }
    at = put(bytes, at, Buffer.byteLength(value))
    this.#at = at + bytes.write(value, at)
  }

  /** Bytes that are fields already. */
  bytes(fields: Buffer): void {
    this.#need(fields.length)
    this.#at += fields.copy(this.#bytes, this.#at)
  }

  #need(more: number): void {
    const needed = this.#at + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, this.#bytes.length * 2, needed))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

function sizeOf(value: number): number {
  let size = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++
  return size
}

function put(bytes: Buffer, from: number, value: number): number {
  let at = from
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80
  bytes[at++] = rest
  return at
}

function word(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value
  bytes[at + 1] = value / 0x100
  bytes[at + 2] = value / 0x10000
  bytes[at + 3] = value / 0x1000000
  return at + 4
}

/** By character code. */
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0)
