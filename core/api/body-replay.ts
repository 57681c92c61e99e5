import type { BodySink, BodySource } from './body-sources.ts'
import type { HeaderList } from './header-list.ts'

/** Records what passes, up to a cap; after `rewind` delivers the record and then what is still to come. */
export class ReplaySource implements BodySource, BodySink {
  readonly #source: BodySource
  readonly #cap: number
  #kept: Buffer[] | undefined = []
  #size = 0
  /** How many of the kept chunks the present sink has. */
  #at = 0
  #paused = false
  #rewindable = true
  #sink: BodySink | undefined
  #trailers: HeaderList | undefined
  #state: 'idle' | 'flowing' | 'ended' | Error = 'idle'

  constructor(source: BodySource, cap: number) {
    this.#source = source
    this.#cap = cap
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.#at = 0
    this.#paused = false
    this.#deliver()
  }

  write(chunk: Buffer): boolean {
    const current = this.#sink !== undefined && !this.#behind
    this.#size += chunk.length
    // Until there is a sink that has the record, nobody else has the chunk: it is kept even beyond the cap.
    if (current && !this.#mayKeep) this.#kept = undefined
    this.#kept?.push(chunk)
    if (current) {
      this.#at++
      return this.#sink!.write(chunk)
    }
    this.#source.pause()
    return false
  }

  end(trailers?: HeaderList): void {
    this.#trailers = trailers
    this.#state = 'ended'
    this.#deliver()
  }

  fail(error: Error): void {
    this.#state = error
    const sink = this.#sink
    this.#sink = undefined
    sink?.fail(error)
  }

  rewind(): boolean {
    this.#sink = undefined
    return this.#kept !== undefined
  }

  /** There will be no rewind: from now on whoever cancels cancels the source. */
  forget(): void {
    this.#rewindable = false
  }

  pause(): void {
    this.#paused = true
    if (this.#state === 'flowing') this.#source.pause()
  }

  resume(): void {
    this.#paused = false
    this.#deliver()
  }

  cancel(error?: Error): void {
    // Whoever read it first gave up; the record is kept for the next, the rest waits.
    this.#sink = undefined
    if (this.#rewindable && this.#kept !== undefined) this.pause()
    else this.#source.cancel(error)
  }

  get #mayKeep(): boolean {
    return this.#rewindable && this.#size <= this.#cap
  }

  get #behind(): boolean {
    return this.#kept !== undefined && this.#at < this.#kept.length
  }

  /** What is kept, as far as the sink takes it; then it goes on with the source. */
  #deliver(): void {
    const sink = this.#sink
    if (sink === undefined) return
    while (this.#behind && !this.#paused) {
      if (!sink.write(this.#kept![this.#at++]!)) this.pause()
      if (this.#sink !== sink) return
    }
    if (this.#behind) return
    if (!this.#mayKeep) this.#kept = undefined
    if (this.#state === 'idle') {
      this.#state = 'flowing'
      this.#source.start(this)
    } else if (this.#state === 'flowing') {
      if (!this.#paused) this.#source.resume()
    } else {
      this.#sink = undefined
      if (this.#state === 'ended') sink.end(this.#trailers)
      else sink.fail(this.#state)
    }
  }
}
