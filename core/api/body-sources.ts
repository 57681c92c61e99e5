import type { Duplex } from 'node:stream'
import { type ErrorCode, WeirError } from './errors.ts'
import type { HeaderList } from './header-list.ts'

/** Takes a body's chunks. */
export interface BodySink {
  /** Returns false when it has enough for now; it then calls `resume` on the source. */
  write(chunk: Buffer): boolean
  /** @param trailers fields that came behind the body, if any (RFC 9110 §6.5) */
  end(trailers?: HeaderList): void
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

/** A body that is all there. */
export class BufferSource implements BodySource {
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

/** A source that passes on what its reader says to the one before it. */
abstract class Wrapped implements BodySource {
  protected readonly source: BodySource

  constructor(source: BodySource) {
    this.source = source
  }

  abstract start(sink: BodySink): void

  pause(): void {
    this.source.pause()
  }

  resume(): void {
    this.source.resume()
  }

  cancel(error?: Error): void {
    this.source.cancel(error)
  }
}

export class WatchSource extends Wrapped {
  #fn: ((end: 'ended' | 'dropped' | Error) => void) | undefined
  #sink: BodySink | undefined

  constructor(source: BodySource, fn: (end: 'ended' | 'dropped' | Error) => void) {
    super(source)
    this.#fn = fn
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.source.start(this)
  }

  write(chunk: Buffer): boolean {
    return this.#sink!.write(chunk)
  }

  end(trailers?: HeaderList): void {
    this.#tell('ended')
    this.#sink!.end(trailers)
  }

  fail(error: Error): void {
    this.#tell(error)
    this.#sink!.fail(error)
  }

  override cancel(error?: Error): void {
    this.#tell(error ?? 'dropped')
    super.cancel(error)
  }

  #tell(end: 'ended' | 'dropped' | Error): void {
    const fn = this.#fn
    this.#fn = undefined
    fn?.(end)
  }
}

export class TapSource extends Wrapped {
  readonly #fn: (chunk: Buffer) => void

  constructor(source: BodySource, fn: (chunk: Buffer) => void) {
    super(source)
    this.#fn = fn
  }

  start(sink: BodySink): void {
    this.source.start({
      write: (chunk) => {
        this.#fn(chunk)
        return sink.write(chunk)
      },
      end: (trailers) => sink.end(trailers),
      fail: (error) => sink.fail(error),
    })
  }
}

export class LimitSource extends Wrapped {
  readonly #tooLarge: ErrorCode
  #left: number

  constructor(source: BodySource, cap: number, tooLarge: ErrorCode) {
    super(source)
    this.#left = cap
    this.#tooLarge = tooLarge
  }

  start(sink: BodySink): void {
    this.source.start({
      write: (chunk) => {
        this.#left -= chunk.length
        if (this.#left >= 0) return sink.write(chunk)
        const error = new WeirError(this.#tooLarge)
        this.source.cancel(error)
        sink.fail(error)
        return false
      },
      end: (trailers) => sink.end(trailers),
      fail: (error) => sink.fail(error),
    })
  }
}

export class TransformSource implements BodySource {
  readonly #source: BodySource
  readonly #transform: Duplex

  constructor(source: BodySource, transform: Duplex) {
    this.#source = source
    this.#transform = transform
  }

  start(sink: BodySink): void {
    const transform = this.#transform
    let over = false
    let behind: HeaderList | undefined
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
      sink.end(behind)
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
      end: (trailers) => {
        behind = trailers
        transform.end()
      },
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
