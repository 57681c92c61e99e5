import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FrameTracker } from './websocket-frames.ts'

/** What a flow tells its tunnel. */
export interface FlowOwner {
  /** Bytes moved. */
  moved(): void
  /** The side that the flow comes from has ended. */
  ended(): void
  /** Something came of the side that the flow comes from, after the other was told that the gateway goes away. */
  heard(): void
}

/** One direction of a tunnel, with backpressure. */
export class Flow {
  readonly from: Duplex
  readonly to: Duplex
  /** Undefined if it is no WebSocket. */
  readonly frames: FrameTracker | undefined
  readonly #owner: FlowOwner
  #farewell: Buffer | undefined
  #over = false

  constructor(from: Duplex, to: Duplex, frames: FrameTracker | undefined, owner: FlowOwner) {
    this.from = from
    this.to = to
    this.frames = frames
    this.#owner = owner
  }

  /** @param head what has come of it already */
  start(head?: Buffer): void {
    const { from, to } = this
    to.on('drain', () => {
      this.#owner.moved()
      from.resume()
    })
    if (head !== undefined && head.length > 0) this.#pass(head)
    from.on('data', (chunk: Buffer) => this.#pass(chunk))
    from.on('end', () => this.#ended())
    // It may have ended before it came here, and does not tell again.
    if (from.readableEnded) this.#ended()
    if (!to.writableNeedDrain) from.resume()
  }

  /** Nothing is sent on any more: the Close frame is, or the end. */
  get over(): boolean {
    return this.#over
  }

  /** Ends it where it is. What still comes is dropped. */
  end(): void {
    this.#finish()
    this.to.end()
  }

  /** Puts a Close frame behind the frame that is under way, and drops what follows. */
  leave(farewell: Buffer): void {
    if (this.#over) return
    this.#farewell = farewell
    if (this.frames?.atBoundary === true) this.#bow(farewell)
  }

  #ended(): void {
    this.#over = true
    this.to.end()
    this.#owner.ended()
  }

  #pass(chunk: Buffer): void {
    const { frames } = this
    const farewell = this.#farewell
    this.#owner.moved()
    if (farewell === undefined || this.#over) {
      frames?.push(chunk)
      if (!this.#over) this.#write(chunk)
    } else {
      const end = frames!.push(chunk, 0, true)
      this.#write(chunk.subarray(0, end))
      if (frames!.atBoundary) this.#bow(farewell)
      frames!.push(chunk, end)
    }
    if (farewell !== undefined) this.#owner.heard()
  }

  #write(chunk: Buffer): void {
    if (!this.to.write(chunk)) this.from.pause()
  }

  #bow(farewell: Buffer): void {
    // The frame that was waited for may have been a Close itself, and is then the last (RFC 6455 §5.5.1).
    if (this.frames?.closed !== true) this.to.write(farewell)
    this.#finish()
  }

  /** What still comes is read, so that the other side's Close and its end are seen. */
  #finish(): void {
    this.#over = true
    this.from.resume()
  }
}

/** Ends a connection as what it is: broken off. */
export function reset(socket: Duplex): void {
  if (socket.destroyed) return
  // TLS has no reset of its own: without close_notify an end is none (RFC 8446 §6.1).
  if (socket instanceof Socket && !('encrypted' in socket)) socket.resetAndDestroy()
  else socket.destroy()
}
