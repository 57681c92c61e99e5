import type { Readable } from 'node:stream'
import type { BodySink, BodySource } from './body-sources.ts'
import type { HookOwner } from './current-hook.ts'
import { WeirError } from './errors.ts'

/** The bytes of a Node stream. Whatever goes wrong in the stream breaks the body off; it never stays open. */
export class StreamSource implements BodySource {
  readonly #stream: Readable
  readonly #owner: HookOwner
  #sink: BodySink | undefined
  /** What went wrong before there was a sink. */
  #failure: Error | undefined
  #over = false

  constructor(stream: Readable, owner: HookOwner) {
    if (typeof stream?.on !== 'function' || typeof stream.pause !== 'function')
      throw new TypeError('Body.from() takes a readable stream')
    this.#stream = stream
    this.#owner = owner
    // From the beginning: a file that can't be opened fails before anybody reads, and an error without a listener would
    // be an uncaught exception.
    stream.on('error', (error) => this.#break(error))
    stream.on('close', () => this.#break(new Error('the stream closed before its end')))
  }

  start(sink: BodySink): void {
    const stream = this.#stream
    this.#sink = sink
    if (this.#failure !== undefined) return sink.fail(this.#failure)
    if (stream.readableEnded || stream.destroyed) return this.#break(new Error('the stream had ended already'))
    stream.on('end', () => {
      if (this.#over) return
      this.#over = true
      sink.end()
    })
    stream.on('data', (chunk: unknown) => this.#write(chunk))
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  cancel(): void {
    this.#over = true
    this.#stream.destroy()
  }

  #write(chunk: unknown): void {
    if (this.#over) return
    if (typeof chunk === 'string') chunk = Buffer.from(chunk)
    if (!(chunk instanceof Uint8Array)) {
      this.#break(new TypeError('a body is made of bytes: the stream gave something else'))
      return void this.#stream.destroy()
    }
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (!this.#sink!.write(bytes)) this.#stream.pause()
  }

  /** The gateway's own errors pass as they are; all others are errors of the filter that gave the stream. */
  #break(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#failure = error instanceof WeirError ? error : this.#owner.failure(error)
    this.#sink?.fail(this.#failure)
  }
}
