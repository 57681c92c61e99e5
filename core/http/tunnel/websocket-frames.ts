import { randomBytes } from 'node:crypto'

/**
 * The status of the Close frames that the gateway itself sends: "an endpoint is going away, such as a server going down"
 * (RFC 6455 §7.4.1). Not 1012, "service restart": it is in no RFC, fewer clients know it, and a gateway that stops can't know
 * whether it will start again.
 */
export const GOING_AWAY = 1001

const CLOSE = 0x8
const PONG = 0xa
const MAX_CONTROL_PAYLOAD = 125

/**
 * A Close frame without a reason (RFC 6455 §5.5.1).
 * @param masked frames to a server must be masked, with an unpredictable key (§5.3)
 */
export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = [code >> 8, code & 0xff]
  if (!masked) return Buffer.from([0x80 | CLOSE, payload.length, ...payload])
  const key = randomBytes(4)
  return Buffer.from([0x80 | CLOSE, 0x80 | payload.length, ...key, ...payload.map((byte, i) => byte ^ key[i]!)])
}

/**
 * Finds where frames end in one direction of a WebSocket (RFC 6455 §5.2). It reads headers and skips payloads: the cost of a
 * chunk depends on its number of frames. It keeps none of the bytes. It ignores the reserved bits of extensions, which do not
 * change where a frame ends.
 */
export class FrameTracker {
  readonly #masked: boolean
  readonly #keySize: number
  /** Bytes of the current frame's header that have come; 0 between headers. */
  #got = 0
  /** Size of that header; known from its second byte on. */
  #size = 2
  #opcode = 0
  #length = 0
  /** Bytes of the payload that are still to come. */
  #payload = 0
  #broken = false
  #closed = false

  /** @param masked whether the frames come from a client, which masks them; a server does not (§5.1) */
  constructor(masked: boolean) {
    this.#masked = masked
    this.#keySize = masked ? 4 : 0
  }

  /** Between two frames: a control frame may be inserted here, even between the fragments of a message (§5.4). */
  get atBoundary(): boolean {
    return this.#got === 0 && this.#payload === 0 && !this.#broken
  }

  /** A whole Close frame has come. No frame may follow it (§5.5.1); what comes is ignored. */
  get closed(): boolean {
    return this.#closed
  }

  /** The bytes are no WebSocket frames. That is final: where frames end can't be found any more. */
  get broken(): boolean {
    return this.#broken
  }

  /**
   * Follows the stream.
   * @param once whether to stop after the first frame that ends
   * @returns the position up to which it has read: the chunk's length, or less if it stopped
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
    // Extended length, in network byte order. The last four bytes are the key of the mask, if there is one.
    else if (index < this.#size - this.#keySize) this.#length = this.#length * 256 + byte
    if (this.#got < this.#size) return
    this.#got = 0
    // The highest bit must be 0 (§5.2). Lengths that JavaScript can't count exactly do not occur either.
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
