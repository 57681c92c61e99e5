import type { Duplex } from 'node:stream'
import { type Deadline, startTimer } from '../base/timer.ts'
import type { BodySink, BodySource } from './body-sources.ts'
import { destroyStream, streamBytes, takeStream } from './body-stream.ts'
import type { HookOwner } from './current-hook.ts'
import type { WeirError } from './errors.ts'
import type { HeaderList } from './header-list.ts'
import { HookError } from './hook-error.ts'

/**
 * Sends a body through a transform stream. Whatever goes wrong in the stream breaks the body off. The `hook_timeout` of the filter
 * that gave the stream also limits how long the stream may do nothing, while it has bytes to work on and its reader waits.
 */
export class TransformSource implements BodySource {
  readonly #source: BodySource
  readonly #transform: Duplex
  readonly #owner: HookOwner
  #sink: BodySink | undefined
  /** What went wrong before there was a sink. */
  #failure: WeirError | undefined
  #over = false
  /** The source has given all. */
  #ended = false
  #trailers: HeaderList | undefined
  /** The reader takes no more. */
  #paused = false
  /** The transform works on a chunk: those that come meanwhile wait here, so that it is called, and throws, nowhere else. */
  #busy = false
  readonly #queue: Buffer[] = []
  #queued = 0
  /** The source is paused. */
  #holding = false
  #timer: Deadline | undefined

  /** @throws Error if the transform can't be used, or belongs to another body */
  constructor(source: BodySource, transform: Duplex, owner: HookOwner) {
    takeStream(transform, 'body.through()')
    if (hasEnded(transform)) throw new Error('body.through(): the stream has ended already; create one for every body')
    this.#source = source
    this.#transform = transform
    this.#owner = owner
    // From the beginning: an error without a listener would be an uncaught exception.
    transform.on('error', (error) => this.#break(error))
    transform.on('close', () => this.#break(new Error('the transform closed before its end')))
  }

  start(sink: BodySink): void {
    this.#sink = sink
    const transform = this.#transform
    if (this.#failure !== undefined) return sink.fail(this.#failure)
    if (hasEnded(transform)) return void this.#break(new Error('the transform had ended already'))
    this.#guarded(() => {
      transform.on('data', (chunk: unknown) => this.#read(chunk))
      transform.on('end', () => this.#end())
    })
    if (this.#over) return
    this.#source.start({
      write: (chunk) => this.#write(chunk),
      end: (trailers) => {
        this.#ended = true
        this.#trailers = trailers
        if (!this.#over && !this.#busy) this.#finishWriting()
      },
      fail: (error) => this.#break(error),
    })
  }

  pause(): void {
    this.#paused = true
    this.#stopWaiting()
    this.#guarded(() => this.#transform.pause())
  }

  resume(): void {
    this.#paused = false
    this.#guarded(() => this.#transform.resume())
    this.#expect()
  }

  cancel(error?: Error): void {
    this.#finish()
    this.#source.cancel(error)
  }

  #write(chunk: Buffer): boolean {
    if (this.#over) return true
    const { writableHighWaterMark } = this.#transform
    let more: boolean
    if (this.#busy) {
      this.#queue.push(chunk)
      this.#queued += chunk.length
      more = this.#queued < writableHighWaterMark
    } else more = this.#feed(chunk)
    if (more || this.#over) return more
    this.#holding = true
    this.#source.pause()
    return false
  }

  #feed(chunk: Buffer): boolean {
    const transform = this.#transform
    // The event that says so is still to come, or will never come.
    if (transform.destroyed) return this.#break(transform.errored ?? new Error('the transform closed before its end'))
    this.#busy = true
    const more = this.#guarded(() => transform.write(chunk, this.#fed))
    this.#expect()
    return more !== false && !this.#over
  }

  /** The transform has taken a chunk. */
  readonly #fed = (): void => {
    this.#busy = false
    if (this.#over) return
    this.#moved()
    const next = this.#queue.shift()
    if (next !== undefined) {
      this.#queued -= next.length
      this.#feed(next)
    } else if (this.#ended) this.#finishWriting()
    else if (this.#holding) {
      this.#holding = false
      this.#source.resume()
    }
  }

  #finishWriting(): void {
    this.#guarded(() => this.#transform.end())
    this.#expect()
  }

  #read(chunk: unknown): void {
    if (this.#over) return
    const bytes = streamBytes(chunk, this.#transform)
    if (bytes === undefined)
      return void this.#break(new TypeError('a body is made of bytes: the transform gave something else'))
    this.#moved()
    if (!this.#sink!.write(bytes) && !this.#over) this.pause()
  }

  #end(): void {
    if (this.#over) return
    this.#finish()
    // It may end before its source does.
    if (!this.#ended) this.#source.cancel()
    this.#sink!.end(this.#trailers)
  }

  /** The transform has done something. */
  #moved(): void {
    this.#stopWaiting()
    this.#expect()
  }

  /** The transform must do something, in time. */
  #expect(): void {
    const { limitMs } = this.#owner
    if (limitMs === undefined || this.#timer !== undefined || this.#over || this.#paused) return
    if (!this.#busy && !this.#ended) return
    const late = (): void => {
      const { name, hook } = this.#owner.hook!
      const cause = new Error(`the transform did nothing for ${limitMs} ms`)
      this.#break(new HookError(name, hook, cause, 'filter_timeout'))
    }
    this.#timer = startTimer(limitMs, late, { background: true })
  }

  #stopWaiting(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** A stream may throw where it is called, instead of emitting an error. */
  #guarded<T>(call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      this.#break(error)
      return undefined
    }
  }

  /** Errors of the gateway pass as they are; all others are errors of the filter that gave the transform. */
  #break(error: unknown): false {
    if (this.#over) return false
    this.#failure = this.#owner.errorOf(error)
    this.#finish()
    this.#source.cancel(this.#failure)
    this.#sink?.fail(this.#failure)
    return false
  }

  #finish(): void {
    this.#over = true
    this.#queue.length = 0
    this.#stopWaiting()
    destroyStream(this.#transform, this.#owner)
  }
}

const hasEnded = (transform: Duplex): boolean =>
  transform.destroyed || transform.writableEnded || transform.readableEnded
