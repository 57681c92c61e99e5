import type { Duplex } from 'node:stream'
import { type ErrorCode, WeirError } from './errors.ts'

/** Takes a body's chunks. */
export interface BodySink {
  /** Returns false when it has enough for now; it then calls `resume` on the source. */
  write(chunk: Buffer): boolean
  end(): void
  fail(error: Error): void
}

/** Gives a body's chunks. */
export interface BodySource {
  /** Begins to deliver; called once. Delivery may happen during the call. */
  start(sink: BodySink): void
  pause(): void
  resume(): void
  /** Nobody wants the rest. */
  cancel(error?: Error): void
}

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

  /** Tells once how the source ended: `ended`, `dropped` by the gateway, or the error. */
  watch(fn: (end: 'ended' | 'dropped' | Error) => void): void {
    this.#wrap((source) => new WatchSource(source, fn))
  }

  /** Shows every chunk to `fn` as it passes. */
  tap(fn: (chunk: Buffer) => void): void {
    this.#wrap((source) => new TapSource(source, fn))
  }

  /** Sends the bytes through a transform (a `zlib` stream, say). The length becomes unknown. */
  through(transform: Duplex): void {
    this.#wrap((source) => new TransformSource(source, transform))
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

class BufferSource implements BodySource {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  start(sink: BodySink): void {
    if (this.#bytes.length > 0) sink.write(this.#bytes)
    sink.end()
  }

  pause(): void {}
  resume(): void {}
  cancel(): void {}
}

class WatchSource implements BodySource {
  readonly #source: BodySource
  #fn: ((end: 'ended' | 'dropped' | Error) => void) | undefined
  #sink: BodySink | undefined

  constructor(source: BodySource, fn: (end: 'ended' | 'dropped' | Error) => void) {
    this.#source = source
    this.#fn = fn
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.#source.start(this)
  }

  write(chunk: Buffer): boolean {
    return this.#sink!.write(chunk)
  }

  end(): void {
    this.#tell('ended')
    this.#sink!.end()
  }

  fail(error: Error): void {
    this.#tell(error)
    this.#sink!.fail(error)
  }

  pause(): void {
    this.#source.pause()
  }

  resume(): void {
    this.#source.resume()
  }

  cancel(error?: Error): void {
    this.#tell(error ?? 'dropped')
    this.#source.cancel(error)
  }

  #tell(end: 'ended' | 'dropped' | Error): void {
    const fn = this.#fn
    this.#fn = undefined
    fn?.(end)
  }
}

class TapSource implements BodySource {
  readonly #source: BodySource
  readonly #fn: (chunk: Buffer) => void

  constructor(source: BodySource, fn: (chunk: Buffer) => void) {
    this.#source = source
    this.#fn = fn
  }

  start(sink: BodySink): void {
    this.#source.start({
      write: (chunk) => {
        this.#fn(chunk)
        return sink.write(chunk)
      },
      end: () => sink.end(),
      fail: (error) => sink.fail(error),
    })
  }

  pause(): void {
    this.#source.pause()
  }

  resume(): void {
    this.#source.resume()
  }

  cancel(error?: Error): void {
    this.#source.cancel(error)
  }
}

class TransformSource implements BodySource {
  readonly #source: BodySource
  readonly #transform: Duplex

  constructor(source: BodySource, transform: Duplex) {
    this.#source = source
    this.#transform = transform
  }

  start(sink: BodySink): void {
    const transform = this.#transform
    let over = false
    const fail = (error: Error): void => {
      if (over) return
      over = true
      this.#source.cancel(error)
      sink.fail(error)
    }
    transform.on('data', (chunk: Buffer) => {
      if (!sink.write(chunk)) transform.pause()
    })
    transform.on('end', () => {
      if (over) return
      over = true
      sink.end()
    })
    transform.on('error', fail)
    transform.on('drain', () => this.#source.resume())
    this.#source.start({
      write: (chunk) => {
        if (transform.destroyed) return true
        const more = transform.write(chunk)
        if (!more) this.#source.pause()
        return more
      },
      end: () => transform.end(),
      fail: (error) => {
        transform.destroy()
        fail(error)
      },
    })
  }

  pause(): void {
    this.#transform.pause()
  }

  resume(): void {
    this.#transform.resume()
  }

  cancel(error?: Error): void {
    this.#transform.destroy()
    this.#source.cancel(error)
  }
}

/** Records what passes, up to a cap; after `rewind` delivers the record and then what is still to come. */
class ReplaySource implements BodySource, BodySink {
  readonly #source: BodySource
  readonly #cap: number
  #kept: Buffer[] | undefined = []
  #size = 0
  /** How many of the kept chunks the present sink has. */
  #at = 0
  #paused = false
  #rewindable = true
  #sink: BodySink | undefined
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

  end(): void {
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
      if (this.#state === 'ended') sink.end()
      else sink.fail(this.#state)
    }
  }
}
