import { bytesPassed } from '../base/young-generation.ts'
import type { BodySink, BodySource } from './body-sources.ts'
import { hookOwner } from './current-hook.ts'
import { type ErrorCode, WeirError } from './errors.ts'
import type { HeaderList } from './header-list.ts'
import { HookError } from './hook-error.ts'

/**
 * One reading of a body, between its source and its sink. The sink gets as many bytes as the length of the body says, and one
 * end, whatever happens. What it throws breaks the body off and is an error of the hook that reads: it never reaches the
 * source, which may be called by a socket.
 */
export class BodyReading implements BodySource, BodySink {
  readonly #source: BodySource
  readonly #owner = hookOwner()
  readonly #length: number | undefined
  /** Bytes still to come; infinite if the length is unknown. */
  #left: number
  #sink: BodySink | undefined
  #over = false
  /** The sink runs: what it does to the body is its own decision. */
  #calling = false
  /** A hook waits for all of it. */
  #collecting = false

  /** @param length bytes, if they are known */
  constructor(source: BodySource, length: number | undefined) {
    this.#source = source
    this.#length = length
    this.#left = length ?? Infinity
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.#source.start(this)
  }

  pause(): void {
    if (!this.#over) this.#source.pause()
  }

  resume(): void {
    if (!this.#over) this.#source.resume()
  }

  cancel(error?: Error): void {
    this.#over = true
    this.#source.cancel(error)
  }

  write(chunk: Buffer): boolean {
    if (this.#over) return true
    bytesPassed(chunk.length)
    this.#left -= chunk.length
    if (this.#left < 0) return this.#break(this.#wrongLength('more'))
    this.#calling = true
    try {
      // A sink in JavaScript that forgets to return something takes all.
      return this.#sink!.write(chunk) !== false
    } catch (error) {
      return this.#break(error)
    } finally {
      this.#calling = false
    }
  }

  end(trailers?: HeaderList): void {
    if (this.#over) return
    if (this.#left > 0 && this.#left !== Infinity) return void this.#break(this.#wrongLength('fewer'))
    this.#over = true
    this.#calling = true
    try {
      this.#sink!.end(trailers)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#calling = false
    }
  }

  fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#fail(error)
  }

  /** The sink gets nothing more, and is not told: its reader has given up. */
  leave(): void {
    this.#over = true
  }

  /** Reads all of it. Rejects with an error of that code if there are more than `cap` bytes. */
  collect(cap: number, tooLarge: ErrorCode): Promise<Buffer> {
    this.#collecting = true
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let size = 0
      this.start({
        write: (chunk) => {
          size += chunk.length
          if (size > cap) throw new WeirError(tooLarge)
          return chunks.push(chunk) > 0
        },
        end: () => resolve(Buffer.concat(chunks, size)),
        fail: reject,
      })
    })
  }

  /** The body was dropped. The sink is told, unless it did so itself: it would wait for ever. */
  dropped(error: Error | undefined): void {
    if (this.#calling) this.#over = true
    else if (!this.#over) this.fail(error ?? this.#dropError())
  }

  #dropError(): WeirError {
    const owner = hookOwner()
    // Outside of hooks the engine drops what a hook still waits for, when the client has left.
    if (this.#collecting && owner.hook === undefined) return new WeirError('client_gone')
    return owner.failure(unplaced('the body was dropped while it was read'))
  }

  /**
   * The error for who wants to read the body again. It names the hook that has read it, unless that is the terminal filter, which
   * does what it is there for: then whoever hands the body over a second time is to blame, and unknown.
   */
  readBefore(): HookError {
    const cause = unplaced('the body has already been read')
    const { hook } = this.#owner
    return hook === undefined || hook.hook === 'call'
      ? new HookError(undefined, 'body', cause)
      : this.#owner.failure(cause)
  }

  #wrongLength(which: 'more' | 'fewer'): HookError {
    return new HookError(undefined, 'body', unplaced(`the body has ${which} bytes than its length of ${this.#length}`))
  }

  #break(error: unknown): false {
    this.#over = true
    const failure = this.#owner.errorOf(error)
    this.#source.cancel(failure)
    this.#fail(failure)
    return false
  }

  #fail(error: unknown): void {
    try {
      this.#sink!.fail(this.#owner.errorOf(error))
    } catch (thrown) {
      this.#owner.report(thrown)
    }
  }
}

/** An error whose stack names no file: whoever notices it is not to blame for it. */
export function unplaced(message: string): Error {
  const error = new Error(message)
  error.stack = `Error: ${message}`
  return error
}
