import type { BodySink, BodySource } from './body-sources.ts'
import { hookOwner } from './current-hook.ts'
import type { HeaderList } from './header-list.ts'

/**
 * A source that was given to `new Body()`. Its chunks are bytes, and after its end, or once it is cancelled, nothing comes. What it
 * throws, or fails with, is an error of the hook that made it.
 */
export class CheckedSource implements BodySource, BodySink {
  readonly #source: BodySource
  readonly #owner = hookOwner()
  #sink: BodySink | undefined
  #over = false

  constructor(source: BodySource) {
    if (typeof source?.start !== 'function') throw new TypeError('new Body() takes a BodySource, or undefined')
    this.#source = source
  }

  start(sink: BodySink): void {
    this.#sink = sink
    try {
      this.#source.start(this)
    } catch (error) {
      this.#break(error)
    }
  }

  pause(): void {
    try {
      this.#source.pause()
    } catch (error) {
      this.#break(error)
    }
  }

  resume(): void {
    try {
      this.#source.resume()
    } catch (error) {
      this.#break(error)
    }
  }

  cancel(error?: Error): void {
    this.#over = true
    try {
      this.#source.cancel(error)
    } catch (thrown) {
      this.#owner.report(thrown)
    }
  }

  write(chunk: Buffer): boolean {
    if (this.#over) return true
    const bytes = bytesOf(chunk)
    if (bytes !== undefined) return this.#sink!.write(bytes)
    this.#break(new TypeError('a body is made of bytes: its source gave something else'))
    return false
  }

  end(trailers?: HeaderList): void {
    if (this.#over) return
    this.#over = true
    this.#sink!.end(trailers)
  }

  fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#sink!.fail(this.#owner.errorOf(error))
  }

  #break(thrown: unknown): void {
    if (this.#over) return
    const failure = this.#owner.errorOf(thrown)
    this.cancel(failure)
    this.#sink?.fail(failure)
  }
}

/** A chunk as a Buffer, if it consists of bytes. Undefined if it does not. */
export function bytesOf(chunk: unknown): Buffer | undefined {
  try {
    if (Buffer.isBuffer(chunk)) return chunk
    return chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : undefined
  } catch {
    return undefined // a revoked proxy, for example
  }
}
