import type { Duplex, Readable } from 'node:stream'
import { demandCap, demandFunction, demandLength, demandTransform } from './body-arguments.ts'
import { CheckedSource } from './body-checked.ts'
import { BodyReading } from './body-reading.ts'
import { ReplaySource } from './body-replay.ts'
import {
  type BodyEnd,
  type BodySink,
  type BodySource,
  BufferSource,
  LimitSource,
  TapSource,
  WatchSource,
} from './body-sources.ts'
import { StreamSource } from './body-stream.ts'
import { TransformSource } from './body-transform.ts'
import { hookOwner } from './current-hook.ts'
import { type ErrorCode, WeirError } from './errors.ts'

export type { BodyEnd, BodySink, BodySource } from './body-sources.ts'

/**
 * The body of a request or response, on its way through. Chunks go straight from the source to whoever reads, with
 * backpressure. Each operation (`tap`, `through`, `limit`, …) wraps the source once; only `buffer` and `replay` keep bytes.
 *
 * A body is read once. Operations come before that and throw an `Error` afterwards; `rewind` and `buffer` make it readable
 * again. The engine reads the body of a response after the last `response` hook, and the terminal filter reads the body of a
 * request in `call`: a body that a hook has read by then is an error of that hook. What a function given to an operation throws
 * is an error of the filter that gave it.
 *
 * ```ts
 * let bytes = 0
 * x.request.body.tap((chunk) => {
 *   bytes += chunk.length
 * })
 * x.response.body.through(createGzip())
 * x.response.headers.set('Content-Encoding', 'gzip')
 * ```
 */
export class Body {
  #source: BodySource | undefined
  #reading: BodyReading | undefined
  #length: number | undefined
  /** Set by operations that change the bytes. The engine then corrects `Content-Length`, `ETag` and digests. */
  changed = false

  /**
   * A body from a source of the filter's own. For bytes use `Body.of`, for a Node stream `Body.from`.
   * @param source undefined: the body is empty
   * @param length bytes, if they are known; a body that has fewer or more breaks off
   */
  constructor(source: BodySource | undefined, length: number | undefined) {
    this.length = length
    if (source !== undefined) this.#source = new CheckedSource(source)
  }

  /** A body without bytes. */
  static empty(): Body {
    return new Body(undefined, 0)
  }

  /** A body of these bytes; a string is sent as UTF-8. The bytes are not copied. */
  static of(data: string | Uint8Array): Body {
    const bytes =
      typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    return bytes.length === 0 ? Body.empty() : Body.#made(new BufferSource(bytes), bytes.length)
  }

  /**
   * The bytes of a Node stream. If the stream fails, or closes before its end, the body breaks off. If nobody wants the body,
   * or the rest of it, the stream is destroyed.
   *
   * ```ts
   * const file = await open(path) // before the head goes out, so that a missing file can still be a 404
   * const { size } = await file.stat()
   * const headers = HeaderList.of({ 'Content-Type': 'text/html', 'Content-Length': String(size) })
   * return { status: 200, headers, body: Body.from(file.createReadStream(), size) }
   * ```
   * @param length bytes, if they are known; without a `Content-Length` in the head the body is sent in chunks
   */
  static from(stream: Readable, length?: number): Body {
    return Body.#made(new StreamSource(stream, hookOwner()), length)
  }

  static #made(source: BodySource, length: number | undefined): Body {
    const body = new Body(undefined, length)
    body.#source = source
    return body
  }

  /** Number of bytes, if it is known. Setting it throws for anything else, and once somebody reads the body. */
  get length(): number | undefined {
    return this.#length
  }

  set length(bytes: number | undefined) {
    this.#demandUnread()
    this.#length = demandLength(bytes)
  }

  /** True if there are no bytes at all. Operations on an empty body do nothing, but `watch` calls its function. */
  get empty(): boolean {
    return this.#source === undefined
  }

  /** True once somebody reads the body. */
  get started(): boolean {
    return this.#reading !== undefined
  }

  /**
   * Calls `fn` once, when the body is over: with `ended`, with `dropped` if nobody wanted the rest, or with the error. If `fn`
   * throws, a body that was complete breaks off. An empty body is over at once: `fn` is called before this returns.
   */
  watch(fn: (end: BodyEnd) => void): void {
    demandFunction(fn, 'watch')
    if (this.#source === undefined) return fn('ended')
    this.#wrap((source) => new WatchSource(source, fn, hookOwner()))
  }

  /** Calls `fn` with every chunk as it passes; `fn` must not change the chunk. If `fn` throws, the body breaks off. */
  tap(fn: (chunk: Buffer) => void): void {
    demandFunction(fn, 'tap')
    this.#wrap((source) => new TapSource(source, fn, hookOwner()))
  }

  /**
   * Lets at most `cap` bytes pass. The chunk that exceeds the cap is not handed on, and the body fails.
   * @param tooLarge code of the error; the default is a 413
   */
  limit(cap: number, tooLarge: ErrorCode = 'request_body_too_large'): void {
    demandCap(cap, 'limit', tooLarge)
    this.#wrap((source) => new LimitSource(source, cap, tooLarge))
  }

  /**
   * Sends the bytes through a transform, such as a `zlib` stream. The length becomes unknown. If the transform fails, closes
   * before its end, or gives something else than bytes or text, the body breaks off.
   *
   * A transform that never calls back keeps the request open until the client leaves, unless the chain entry of the filter has
   * a `hook_timeout`: it limits how long the transform may do nothing while it has bytes to work on and its reader waits.
   * @param transform created for this body alone
   * @throws Error if the transform has ended, or was given to a body before
   */
  through(transform: Duplex): void {
    demandTransform(transform)
    if (this.#source === undefined) return
    this.#wrap((source) => new TransformSource(source, transform, hookOwner()))
    this.#length = undefined
    this.changed = true
  }

  /**
   * Waits for the whole body and returns its bytes. Afterwards the body can be read as before.
   *
   * ```ts
   * const order = JSON.parse((await x.request.body.buffer(64 * 1024)).toString())
   * ```
   * @param cap bytes; a longer body rejects
   * @param tooLarge code of the error for a longer body; the default is a 413
   */
  async buffer(cap: number, tooLarge: ErrorCode = 'request_body_too_large'): Promise<Buffer> {
    demandCap(cap, 'buffer', tooLarge)
    if (this.#source === undefined) return Buffer.alloc(0)
    if (this.length !== undefined && this.length > cap) throw new WeirError(tooLarge)
    const reading = this.#take()
    const bytes = await reading.collect(cap, tooLarge)
    // It may have been replaced meanwhile.
    if (this.#reading === reading) this.#become(Body.of(bytes))
    return bytes
  }

  /** Replaces the bytes. The old ones are dropped, even if somebody has begun to read them. */
  replace(data: string | Uint8Array): void {
    const body = Body.of(data)
    this.discard()
    this.#become(body)
    this.changed = true
  }

  /**
   * Keeps up to `cap` bytes of what passes, so that `rewind` can send the body again. It must be the last operation: a later
   * one ends it.
   */
  replay(cap: number): void {
    demandCap(cap, 'replay')
    this.#wrap((source) => new ReplaySource(source, cap))
  }

  /** Makes a body readable again that was begun. False if it was not kept: there was no `replay`, or its cap was exceeded. */
  rewind(): boolean {
    if (this.#source === undefined || this.#reading === undefined) return true
    if (!(this.#source instanceof ReplaySource) || !this.#source.rewind()) return false
    this.#reading.leave()
    this.#reading = undefined
    return true
  }

  /**
   * Drops the body, or the rest of it: its source is cancelled, and whoever reads it gets an error. The body is empty then, and
   * changed if there may have been bytes.
   */
  discard(error?: Error): void {
    const source = this.#source
    if (source === undefined) return
    if (this.length !== 0) this.changed = true
    this.#source = undefined
    this.#length = 0
    if (source instanceof ReplaySource) source.forget()
    source.cancel(error)
    this.#reading?.dropped(error)
  }

  /**
   * Reads the body: hands its chunks to `sink`, which may get some before this returns. A body that has already been read fails:
   * `sink.fail` gets the error. What `sink` throws breaks the body off.
   * @returns the source, for `pause`, `resume` and `cancel`; undefined if there is none
   */
  pipe(sink: BodySink): BodySource | undefined {
    if (this.#source === undefined) return void sink.end()
    if (this.#reading !== undefined) return void sink.fail(this.#reading.readBefore())
    const reading = this.#take()
    reading.start(sink)
    return reading
  }

  #become(body: Body): void {
    this.#source = body.#source
    this.#reading = undefined
    this.#length = body.#length
  }

  #take(): BodyReading {
    this.#demandUnread()
    this.#reading = new BodyReading(this.#source!, this.length)
    return this.#reading
  }

  #wrap(make: (source: BodySource) => BodySource): void {
    if (this.#source === undefined) return
    this.#demandUnread()
    const wrapped = make(this.#source)
    if (this.#source instanceof ReplaySource) this.#source.forget()
    this.#source = wrapped
  }

  #demandUnread(): void {
    if (this.#reading !== undefined) throw new Error('the body has already been read')
  }
}
