import { randomBytes } from 'node:crypto'

/**
 * The status of the Close frames that the gateway itself sends: "an endpoint is going away, such as a server going down"
 * (RFC 6455 §7.4.1). Not 1012, "service restart": that stands in no RFC, fewer clients know it, and a gateway that stops
 * can't know whether it will be back.
 */
export const GOING_AWAY = 1001

const CLOSE = 0x8
const PONG = 0xa
const MAX_CONTROL_PAYLOAD = 125

/**
 * A Close frame without a reason (RFC 6455 §5.5.1).
 * @param masked as what goes to a server must be, by a key that nobody can foresee (§5.3)
 */
export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = [code >> 8, code & 0xff]
  if (!masked) return Buffer.from([0x80 | CLOSE, payload.length, ...payload])
  const key = randomBytes(4)
  return Buffer.from([0x80 | CLOSE, 0x80 | payload.length, ...key, ...payload.map((byte, i) => byte ^ key[i]!)])
}

/**
 * Knows where frames end in one direction of a WebSocket (RFC 6455 §5.2). It reads headers and skips payloads, so that a
 * chunk costs as much as it has frames, and keeps nothing of what passes. Extensions are none of its business: reserved bits
 * are not looked at, for they do not change where a frame ends.
 */
export class FrameTracker {
  readonly #masked: boolean
  readonly #keySize: number
  /** Bytes of the present frame's header that have come; 0 between headers. */
  #got = 0
  /** Size of that header; known once its second byte is there. */
  #size = 2
  #opcode = 0
  #length = 0
  /** Bytes of the payload that are still to come. */
  #payload = 0
  #broken = false
  #closed = false

  /** @param masked whether frames are those of a client, which are masked; those of a server are not (§5.1) */
  constructor(masked: boolean) {
    this.#masked = masked
    this.#keySize = masked ? 4 : 0
  }

  /** No frame is under way: one may be put in here, between the fragments of a message too if it is a control frame (§5.4). */
  get atBoundary(): boolean {
    return this.#got === 0 && this.#payload === 0 && !this.#broken
  }

  /** A whole Close frame has come. No frame follows it (§5.5.1), and what comes is not looked at. */
  get closed(): boolean {
    return this.#closed
  }

  /** What came is no WebSocket. For good: where frames end can't be known any more. */
  get broken(): boolean {
    return this.#broken
  }

  /**
   * Follows the stream.
   * @param once whether to stop behind the first frame that ends
   * @returns up to where it has looked: the chunk's length, or less if told to stop
   */
  push(chunk: Buffer, at = 0, once = false): number {
    const end = chunk.length
    while (at < end && !this.#broken && !this.#closed) {
      if (this.#payload > 0) {
        const step = Math.min(this.#payload, end - at)
        this.#payload -= step
        at += step
      } else this.#header(chunk[at++]!)
      if (this.#got > 0 || this.#payload > 0) continue
      this.#closed = this.#opcode === CLOSE && !this.#broken
      if (once) return at
    }
    return end
  }

  #header(byte: number): void {
    const index = this.#got++
    if (index === 0) return this.#first(byte)
    if (index === 1) this.#second(byte)
    // Extended length, in network byte order; the mask's key, if there is one, are the last four bytes.
    else if (index < this.#size - this.#keySize) this.#length = this.#length * 256 + byte
    if (this.#got < this.#size) return
    this.#got = 0
    // The highest bit must be 0 (§5.2); and what JavaScript can't count precisely, no frame has ever held.
    if (this.#length > Number.MAX_SAFE_INTEGER) this.#broken = true
    else this.#payload = this.#length
  }

  #first(byte: number): void {
    this.#opcode = byte & 0x0f
    const control = this.#opcode >= CLOSE
    // §5.2: the other opcodes are reserved. §5.5: control frames are not fragmented.
    if (this.#opcode > PONG || (this.#opcode > 2 && !control) || (control && byte < 0x80)) this.#broken = true
  }

  #second(byte: number): void {
    const short = byte & 0x7f
    if (byte >= 0x80 !== this.#masked || (this.#opcode >= CLOSE && short > MAX_CONTROL_PAYLOAD)) this.#broken = true
    this.#length = short < 126 ? short : 0
    this.#size = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + this.#keySize
  }
}
