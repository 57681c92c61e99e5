import { type BodySink, type BodySource, WeirError } from '../../../core/index.ts'

/** What readers read. */
export interface ReadEvents {
  /** Positions of the oldest event that is kept, and of the next one. */
  readonly start: number
  readonly end: number
  /** The events from a position that is kept, as many as one write should have. */
  from(position: number): Frames
  leave(reader: EventReader): void
}

/** Encoded events in a row. */
export interface Frames {
  readonly bytes: Buffer
  /** Position of the event behind them. */
  readonly next: number
}

/** A comment: keeps the connection open through whatever stands between. */
const HEARTBEAT = Buffer.from(': \n\n')

/** One client that reads events. It keeps no events itself. */
export class EventReader implements BodySource {
  readonly #events: ReadEvents
  readonly #head: Buffer
  #next: number
  #sink: BodySink | undefined
  #paused = false

  /** @param head what it gets before the first event */
  constructor(events: ReadEvents, from: number, head: Buffer) {
    this.#events = events
    this.#next = from
    this.#head = head
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.#paused = !sink.write(this.#head)
    this.pump()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.pump()
  }

  cancel(): void {
    this.#sink = undefined
    this.#events.leave(this)
  }

  /** Sends what it has not sent yet, as long as the client reads. */
  pump(): void {
    if (this.#next < this.#events.start) return this.#drop()
    while (this.#sink !== undefined && !this.#paused && this.#next < this.#events.end) {
      const { bytes, next } = this.#events.from(this.#next)
      this.#next = next
      this.#paused = !this.#sink.write(bytes)
    }
  }

  beat(): void {
    if (this.#sink !== undefined && !this.#paused) this.#paused = !this.#sink.write(HEARTBEAT)
  }

  end(): void {
    this.#leave()?.end()
  }

  /** The client can't have all events any more. It comes back, and is told so. */
  #drop(): void {
    this.#leave()?.fail(new WeirError('client_stalled'))
  }

  #leave(): BodySink | undefined {
    const sink = this.#sink
    this.cancel()
    return sink
  }
}
