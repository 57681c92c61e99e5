import { Readable } from 'node:stream'
import type { Body, BodySink, BodySource } from '../../core/index.ts'

/**
 * A request body as a stream for undici. undici never gets the downstream message itself: an early response or a reset would destroy
 * it, and the client's connection with it.
 */
export class Upload extends Readable implements BodySink {
  readonly #body: Body
  #source: BodySource | undefined
  #piped = false
  /** True while the upstream takes no more bytes. Otherwise the upload waits for the client. */
  blocked = false

  constructor(body: Body) {
    super({ highWaterMark: 64 * 1024 })
    this.#body = body
  }

  override _read(): void {
    this.blocked = false
    if (this.#piped) this.#source?.resume()
    else {
      this.#piped = true
      this.#source = this.#body.pipe(this)
    }
  }

  write(chunk: Buffer): boolean {
    if (this.destroyed) return true
    const more = this.push(chunk)
    this.blocked = !more
    return more
  }

  end(): void {
    if (!this.destroyed) this.push(null)
  }

  fail(error: Error): void {
    this.destroy(error)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#source?.cancel(error ?? undefined)
    done(error)
  }
}
