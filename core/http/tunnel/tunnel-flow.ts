import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { bytesPassed } from '../../base/young-generation.ts'
import type { FrameTracker } from './websocket-frames.ts'

/** The tunnel of a flow, which is told what happens in it. */
export interface FlowOwner {
  /** Bytes were moved. */
  moved(): void
  /** The sender has ended its side. */
  ended(): void
  /** Bytes came from the sender after `leave`. */
  heard(): void
}

/** One direction of a tunnel, with backpressure. */
export class Flow {
  /** The sender's socket. */
  readonly from: Duplex
  /** The receiver's socket. */
  readonly to: Duplex
  /** Undefined if the protocol is not WebSocket. */
  readonly frames: FrameTracker | undefined
  readonly #owner: FlowOwner
  /** The Close frame to send after the current frame. */
  #close: Buffer | undefined
  #over = false

  constructor(from: Duplex, to: Duplex, frames: FrameTracker | undefined, owner: FlowOwner) {
    this.from = from
    this.to = to
    this.frames = frames
    this.#owner = owner
  }

  /** @param head bytes that have come already */
  start(head?: Buffer): void {
    const { from, to } = this
    to.on('drain', () => {
      this.#owner.moved()
      from.resume()
    })
    if (head !== undefined && head.length > 0) this.#pass(head)
    from.on('data', (chunk: Buffer) => this.#pass(chunk))
    from.on('end', () => this.#ended())
    // It may have ended already; then it emits no event.
    if (from.readableEnded) this.#ended()
    if (!to.writableNeedDrain) from.resume()
  }

  /** Nothing more is sent to the receiver: the Close frame, or the end, has been sent. */
  get over(): boolean {
    return this.#over
  }

  /** Ends the receiver's side at once. What still comes is dropped. */
  end(): void {
    this.#finish()
    this.to.end()
  }

  /** Sends a Close frame after the current frame, and drops what follows. */
  leave(close: Buffer): void {
    if (this.#over) return
    this.#close = close
    if (this.frames?.atBoundary === true) this.#sendClose(close)
  }

  #ended(): void {
    this.#over = true
    this.to.end()
    this.#owner.ended()
  }

  #pass(chunk: Buffer): void {
    const { frames } = this
    const close = this.#close
    this.#owner.moved()
    bytesPassed(chunk.length)
    if (close === undefined || this.#over) {
      frames?.push(chunk)
      if (!this.#over) this.#write(chunk)
    } else {
      const end = frames!.push(chunk, 0, true)
      this.#write(chunk.subarray(0, end))
      if (frames!.atBoundary) this.#sendClose(close)
      frames!.push(chunk, end)
    }
    if (close !== undefined) this.#owner.heard()
  }

  #write(chunk: Buffer): void {
    if (!this.to.write(chunk)) this.from.pause()
  }

  #sendClose(close: Buffer): void {
    // The current frame may have been a Close itself; no frame may follow it (RFC 6455 §5.5.1).
    if (this.frames?.closed !== true) this.to.write(close)
    this.#finish()
  }

  /** The rest is read, so that the sender's Close and its end are seen. */
  #finish(): void {
    this.#over = true
    this.from.resume()
  }
}

/** Ends a connection so that its peer sees that it broke off. */
export function reset(socket: Duplex): void {
  if (socket.destroyed) return
  // TLS needs no reset: an end without close_notify shows that the connection broke off (RFC 8446 §6.1).
  if (socket instanceof Socket && !('encrypted' in socket)) socket.resetAndDestroy()
  else socket.destroy()
}
