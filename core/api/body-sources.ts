import type { HookOwner } from './current-hook.ts'
import { type ErrorCode, WeirError } from './errors.ts'
import type { HeaderList } from './header-list.ts'

/**
 * Takes the chunks of a body, as `body.pipe(sink)` delivers them: any number of `write`, then `end` or `fail` once.
 *
 * ```ts
 * const hash = createHash('sha256')
 * body.pipe({
 *   write: (chunk) => {
 *     hash.update(chunk)
 *     return true
 *   },
 *   end: () => env.log.info({ digest: hash.digest('hex') }, 'read'),
 *   fail: (error) => env.log.warn({ err: error }, 'broke off'),
 * })
 * ```
 */
export interface BodySink {
  /** Takes one chunk. False: the source pauses, until the sink calls its `resume`. */
  write(chunk: Buffer): boolean
  /** The body is complete. @param trailers fields that came after the body, if there were any (RFC 9110 §6.5) */
  end(trailers?: HeaderList): void
  /** The body broke off: no more chunks come. */
  fail(error: Error): void
}

/**
 * Gives the chunks of a body; what `new Body(source, length)` takes. All calls are synchronous, and none of them throws.
 *
 * ```ts
 * const time: BodySource = {
 *   start(sink) {
 *     sink.write(Buffer.from(new Date().toISOString()))
 *     sink.end()
 *   },
 *   pause() {},
 *   resume() {},
 *   cancel() {},
 * }
 * x.response.body = new Body(time, undefined)
 * ```
 */
export interface BodySource {
  /** Begins to deliver, perhaps during the call. Called at most once. */
  start(sink: BodySink): void
  /** Stops for now. A source also pauses by itself when `write` returned false. */
  pause(): void
  /** Goes on. */
  resume(): void
  /** Nobody wants the rest, or any of it: frees what the source holds. The sink is called no more. */
  cancel(error?: Error): void
}

/** The source of bytes that are in memory. */
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
 * A source that passes on what another gives, and may inspect it or stop it. Its sink sees one end only: what still comes
 * after the end, or after an error of this source, is dropped.
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

  /** Called before a chunk passes. Returns an error to break the body off instead. */
  protected passing(_chunk: Buffer): Error | undefined {
    return undefined
  }

  /** Called when the source has ended. Returns an error to break off a body that was complete. */
  protected ended(_end: BodyEnd): Error | undefined {
    return undefined
  }
}

/** How a body ended: complete, dropped by the gateway because nobody wanted the rest, or broken off by an error. */
export type BodyEnd = 'ended' | 'dropped' | Error

/** Calls a function once, with how the source ended. */
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
    // Nobody reads the body any more, so the error is reported here or nowhere.
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

/** Calls a function with every chunk. */
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

/** Lets at most `cap` bytes pass. */
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
