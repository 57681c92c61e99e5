import type { BodySink, BodySource } from '../api/body-sources.ts'
import type { HeaderList } from '../api/header-list.ts'

/** How a body ends behind its last chunk. Neither: as it should. */
export interface ChunksEnd {
  readonly trailers?: HeaderList | undefined
  readonly error?: Error | undefined
}

/** A body that comes chunk by chunk, each in a turn of the event loop of its own, as from a socket. */
export class ChunkSource implements BodySource {
  readonly #chunks: Buffer[]
  readonly #end: ChunksEnd
  #sink: BodySink | undefined
  #paused = false
  #scheduled = false

  constructor(chunks: readonly Buffer[], end: ChunksEnd = {}) {
    this.#chunks = [...chunks]
    this.#end = end
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.#schedule()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  cancel(): void {
    this.#sink = undefined
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (!this.#paused) this.#deliver()
    })
  }

  #deliver(): void {
    const sink = this.#sink
    const chunk = this.#chunks.shift()
    if (sink === undefined) return
    if (chunk !== undefined) {
      if (!sink.write(chunk)) this.#paused = true
      else this.#schedule()
      return
    }
    this.#sink = undefined
    if (this.#end.error === undefined) sink.end(this.#end.trailers)
    else sink.fail(this.#end.error)
  }
}
