import type { Duplex } from 'node:stream'
import type { BodySink, BodySource } from './body-sources.ts'
import type { HookOwner } from './current-hook.ts'
import { WeirError } from './errors.ts'
import type { HeaderList } from './header-list.ts'

/** Sends a body through a transform stream. Whatever goes wrong in the stream breaks the body off; it never stays open. */
export class TransformSource implements BodySource {
  readonly #source: BodySource
  readonly #transform: Duplex
  readonly #owner: HookOwner
  #sink: BodySink | undefined
  #over = false
  #trailers: HeaderList | undefined

  constructor(source: BodySource, transform: Duplex, owner: HookOwner) {
    this.#source = source
    this.#transform = transform
    this.#owner = owner
  }

  start(sink: BodySink): void {
    this.#sink = sink
    const transform = this.#transform
    transform.on('data', (chunk: Buffer) => {
      if (!this.#over && !sink.write(chunk)) transform.pause()
    })
    transform.on('end', () => {
      if (this.#over) return
      this.#over = true
      sink.end(this.#trailers)
    })
    transform.on('error', (error) => this.#break(error))
    transform.on('close', () => this.#break(new Error('the transform closed before its end')))
    transform.on('drain', () => this.#source.resume())
    this.#source.start({
      write: (chunk) => this.#write(chunk),
      end: (trailers) => {
        this.#trailers = trailers
        this.#guarded(() => transform.end())
      },
      fail: (error) => {
        this.#break(error)
        transform.destroy()
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
    this.#over = true
    this.#transform.destroy()
    this.#source.cancel(error)
  }

  #write(chunk: Buffer): boolean {
    if (this.#over || this.#transform.destroyed) return true
    const more = this.#guarded(() => this.#transform.write(chunk))
    if (more === false) this.#source.pause()
    return more !== false
  }

  /** A stream may throw where it is called, instead of emitting an error. */
  #guarded<T>(call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      this.#break(error as Error)
      this.#transform.destroy()
      return undefined
    }
  }

  /** Errors of the source pass as they are; all others are errors of the filter that gave the transform. */
  #break(error: Error): void {
    if (this.#over) return
    this.#over = true
    const failure = error instanceof WeirError ? error : this.#owner.failure(error)
    this.#source.cancel(failure)
    this.#sink!.fail(failure)
  }
}
