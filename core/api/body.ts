import type { Duplex } from 'node:stream'
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
import { TransformSource } from './body-transform.ts'
import { hookOwner } from './current-hook.ts'
import { type ErrorCode, WeirError } from './errors.ts'

export type { BodyEnd, BodySink, BodySource } from './body-sources.ts'

/**
 * A message's body on its way through. It hands chunks straight from its source to its sink; every operation wraps the
 * source once, and nothing is buffered that was not asked for. Operations must come before it is started.
 */
export class Body {
  #source: BodySource | undefined
  #started = false
  /** Bytes to come, when known. */
  length: number | undefined
  /** Set when a filter changed the bytes: the engine then mends the head. */
  changed = false

  constructor(source: BodySource | undefined, length: number | undefined) {
    this.#source = source
    this.length = length
  }

  static empty(): Body {
    return new Body(undefined, 0)
  }

  /** A body that is all there. */
  static of(data: string | Uint8Array): Body {
    const bytes =
      typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    return bytes.length === 0 ? Body.empty() : new Body(new BufferSource(bytes), bytes.length)
  }

  /** True if there are no bytes at all. */
  get empty(): boolean {
    return this.#source === undefined
  }

  get started(): boolean {
    return this.#started
  }

  /**
   * Tells `fn` once how the body ended: `ended`, `dropped` by the gateway, or the error. If `fn` throws, a body that was
   * whole counts as broken off, and the error as one of the filter whose hook called this.
   */
  watch(fn: (end: BodyEnd) => void): void {
    demandFunction(fn, 'watch')
    this.#wrap((source) => new WatchSource(source, fn, hookOwner()))
  }

  /** Shows every chunk to `fn` as it passes; `fn` must not change it. If `fn` throws, the body is broken off. */
  tap(fn: (chunk: Buffer) => void): void {
    demandFunction(fn, 'tap')
    this.#wrap((source) => new TapSource(source, fn, hookOwner()))
  }

  /**
   * Lets no more than `cap` bytes pass: with the first one beyond it the body fails, and nothing more of it is handed on.
   * @param tooLarge the error (a 413 for requests)
   */
  limit(cap: number, tooLarge: ErrorCode = 'request_body_too_large'): void {
    this.#wrap((source) => new LimitSource(source, cap, tooLarge))
  }

  /**
   * Sends the bytes through a transform (a `zlib` stream, say). The length becomes unknown. If the transform fails, or closes
   * before its end, the body is broken off.
   */
  through(transform: Duplex): void {
    if (typeof transform?.write !== 'function' || typeof transform.on !== 'function')
      throw new TypeError('body.through() takes a Duplex stream')
    this.#wrap((source) => new TransformSource(source, transform, hookOwner()))
    if (this.#source === undefined) return
    this.length = undefined
    this.changed = true
  }

  /**
   * Collects the whole body, which stays readable afterwards.
   * @param cap bytes; more rejects with the given error (a 413 for requests)
   */
  async buffer(cap: number, tooLarge: ErrorCode = 'request_body_too_large'): Promise<Buffer> {
    if (this.#source === undefined) return Buffer.alloc(0)
    if (this.length !== undefined && this.length > cap) throw new WeirError(tooLarge)
    const source = this.#take()
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = []
      let size = 0
      source.start({
        write: (chunk) => {
          size += chunk.length
          if (size > cap) {
            const error = new WeirError(tooLarge)
            source.cancel(error)
            reject(error)
            return false
          }
          chunks.push(chunk)
          return true
        },
        end: () => resolve(Buffer.concat(chunks, size)),
        fail: reject,
      })
    })
    this.#source = new BufferSource(bytes)
    this.#started = false
    this.length = bytes.length
    return bytes
  }

  /** Replaces the bytes. */
  replace(data: string | Uint8Array): void {
    this.discard()
    const body = Body.of(data)
    this.#source = body.#source
    this.#started = false
    this.length = body.length
    this.changed = true
  }

  /**
   * Keeps up to `cap` bytes of what passes, so that the body can be sent again by `rewind`. Comes after every other
   * operation: one that wraps it ends it.
   */
  replay(cap: number): void {
    this.#wrap((source) => new ReplaySource(source, cap))
  }

  /** Makes a started body startable again. False if it was not kept (no `replay`, or larger than its cap). */
  rewind(): boolean {
    if (this.#source === undefined || !this.#started) return true
    if (!(this.#source instanceof ReplaySource) || !this.#source.rewind()) return false
    this.#started = false
    return true
  }

  /** Drops the body: its source is told that nobody wants it. */
  discard(error?: Error): void {
    const source = this.#source
    this.#source = undefined
    this.length = 0
    if (source instanceof ReplaySource) source.forget()
    source?.cancel(error)
  }

  /** Delivers to `sink`; returns the source, whose `pause`, `resume` and `cancel` the sink may call. */
  pipe(sink: BodySink): BodySource | undefined {
    if (this.#source === undefined) {
      sink.end()
      return undefined
    }
    const source = this.#take()
    source.start(sink)
    return source
  }

  #take(): BodySource {
    if (this.#started) throw new Error('the body has already been read')
    this.#started = true
    return this.#source!
  }

  #wrap(make: (source: BodySource) => BodySource): void {
    if (this.#started) throw new Error('the body has already been read')
    if (this.#source instanceof ReplaySource) this.#source.forget()
    if (this.#source !== undefined) this.#source = make(this.#source)
  }
}

function demandFunction(fn: unknown, operation: string): void {
  if (typeof fn !== 'function') throw new TypeError(`body.${operation}() takes a function, found ${typeof fn}`)
}
