import type { HookOwner } from './current-hook.ts'
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

/**
 * A source that looks at, or stops, what it passes on. Its reader hears of one end only: what still comes behind the end, or
 * behind a failure of its own, is dropped.
 */
abstract class PassingSource implements BodySource, BodySink {
  protected readonly source: BodySource
  #sink: BodySink | undefined
  #over = false

  constructor(source: BodySource) {
    this.source = source
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.source.start(this)
  }

  pause(): void {
    this.source.pause()
  }

  resume(): void {
    this.source.resume()
  }

  cancel(error?: Error): void {
    this.source.cancel(error)
  }

  write(chunk: Buffer): boolean {
    if (this.#over) return true
    const error = this.passing(chunk)
    if (error === undefined) return this.#sink!.write(chunk)
    this.#over = true
    this.source.cancel(error)
    this.#sink!.fail(error)
    return false
  }

  end(trailers?: HeaderList): void {
    if (this.#over) return
    this.#over = true
    const error = this.ended('ended')
    if (error === undefined) this.#sink!.end(trailers)
    else this.#sink!.fail(error)
  }

  fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.ended(error)
    this.#sink!.fail(error)
  }

  /** A chunk is about to pass. Returns an error to break the body off instead. */
  protected passing(_chunk: Buffer): Error | undefined {
    return undefined
  }

  /** The source has ended. Returns an error to make a whole body a broken one. */
  protected ended(_end: BodyEnd): Error | undefined {
    return undefined
  }
}

/** How a body ended: completely, dropped by the gateway, or broken off. */
export type BodyEnd = 'ended' | 'dropped' | Error

/** Tells a function once how the source ended. */
export class WatchSource extends PassingSource {
  readonly #owner: HookOwner
  #fn: ((end: BodyEnd) => void) | undefined

  constructor(source: BodySource, fn: (end: BodyEnd) => void, owner: HookOwner) {
    super(source)
    this.#fn = fn
    this.#owner = owner
  }

  override cancel(error?: Error): void {
    const failure = this.ended(error ?? 'dropped')
    // Nobody reads the body any more, so nobody else would hear of it.
    if (failure !== undefined) this.#owner.report(failure)
    super.cancel(error)
  }

  protected override ended(end: BodyEnd): Error | undefined {
    const fn = this.#fn
    this.#fn = undefined
    try {
      fn?.(end)
      return undefined
    } catch (error) {
      return this.#owner.failure(error)
    }
  }
}

/** Shows every chunk to a function. */
export class TapSource extends PassingSource {
  readonly #fn: (chunk: Buffer) => void
  readonly #owner: HookOwner

  constructor(source: BodySource, fn: (chunk: Buffer) => void, owner: HookOwner) {
    super(source)
    this.#fn = fn
    this.#owner = owner
  }

  protected override passing(chunk: Buffer): Error | undefined {
    try {
      this.#fn(chunk)
      return undefined
    } catch (error) {
      return this.#owner.failure(error)
    }
  }
}

/** Lets no more than so many bytes pass. */
export class LimitSource extends PassingSource {
  readonly #tooLarge: ErrorCode
  #left: number

  constructor(source: BodySource, cap: number, tooLarge: ErrorCode) {
    super(source)
    this.#left = cap
    this.#tooLarge = tooLarge
  }

  protected override passing(chunk: Buffer): Error | undefined {
    this.#left -= chunk.length
    return this.#left >= 0 ? undefined : new WeirError(this.#tooLarge)
  }
}
