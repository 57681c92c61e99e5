import type { Readable } from 'node:stream'
import { bytesOf } from './body-checked.ts'
import type { BodySink, BodySource } from './body-sources.ts'
import type { HookOwner } from './current-hook.ts'

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
    takeStream(stream, 'Body.from()')
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
    this.#guarded(() => {
      stream.on('end', () => {
        if (this.#over) return
        this.#over = true
        sink.end()
      })
      stream.on('data', (chunk: unknown) => this.#write(chunk))
    })
  }

  pause(): void {
    this.#guarded(() => this.#stream.pause())
  }

  resume(): void {
    this.#guarded(() => this.#stream.resume())
  }

  cancel(): void {
    this.#over = true
    destroyStream(this.#stream, this.#owner)
  }

  #write(chunk: unknown): void {
    if (this.#over) return
    const bytes = streamBytes(chunk, this.#stream)
    if (bytes !== undefined) {
      if (!this.#sink!.write(bytes)) this.pause()
      return
    }
    this.#break(new TypeError('a body is made of bytes: the stream gave something else'))
  }

  /** A stream may throw where it is called, instead of emitting an error. */
  #guarded(call: () => unknown): void {
    try {
      call()
    } catch (error) {
      this.#break(error)
    }
  }

  /** The gateway's own errors pass as they are; all others are errors of the filter that gave the stream. */
  #break(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#failure = this.#owner.errorOf(error)
    destroyStream(this.#stream, this.#owner)
    this.#sink?.fail(this.#failure)
  }
}

const taken = new WeakSet<object>()

/**
 * Notes that a stream belongs to a body.
 * @throws Error if it belongs to one already: two requests would get each other's bytes
 */
export function takeStream(stream: object, operation: string): void {
  if (taken.has(stream))
    throw new Error(`${operation}: the stream was given to a body before; create one for every body`)
  taken.add(stream)
}

/** A chunk that a stream gave, as bytes; a text in the encoding that the stream decoded it with. Undefined if it is neither. */
export function streamBytes(chunk: unknown, { readableEncoding }: Readable): Buffer | undefined {
  return typeof chunk === 'string' ? Buffer.from(chunk, readableEncoding ?? 'utf8') : bytesOf(chunk)
}

/** Destroys a stream. What its `destroy` throws is an error of the filter that gave the stream, and changes nothing else. */
export function destroyStream(stream: Readable, owner: HookOwner): void {
  try {
    stream.destroy()
  } catch (error) {
    owner.report(error)
  }
}
