import type { BodySink, BodySource } from './body-sources.ts'
import type { HeaderList } from './header-list.ts'

/** Keeps what passes, up to a cap. After `rewind` it delivers what it kept, and then the rest of its source. */
export class ReplaySource implements BodySource, BodySink {
  readonly #source: BodySource
  readonly #cap: number
  #kept: Buffer[] | undefined = []
  #size = 0
  /** How many of the kept chunks the current sink has got. */
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
    // Until a sink has all that was kept, this is the only place that holds the chunk: it is kept even beyond the cap.
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

  /** There will be no rewind: from now on `cancel` cancels the source. */
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
    // The attempt that read it gave up. What was kept is for the next attempt; the rest waits.
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

  /** Delivers what was kept, as far as the sink takes it, and then goes on with the source. */
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
