import type { Dispatcher } from 'undici'
import type { BodySink, BodySource, HeaderList, WeirError } from '../../core/index.ts'

/** Chunks that arrive before the body is read are kept up to this many bytes; then the upstream is paused. */
const QUEUE_BYTES = 256 * 1024

/** The request whose response has this body. */
export interface ResponseSourceOwner {
  /** The body is read again after a pause. */
  resumed(): void
  /** Nobody wants the body. */
  cancel(error?: Error): void
}

/** Body of an upstream response: takes chunks from undici, and gives them to the reader. */
export class ResponseSource implements BodySource {
  readonly #controller: Dispatcher.DispatchController
  readonly #owner: ResponseSourceOwner
  #sink: BodySink | undefined
  #queue: Buffer[] | undefined
  #queued = 0
  #paused = false
  #end: 'ended' | WeirError | undefined
  #trailers: HeaderList | undefined

  constructor(controller: Dispatcher.DispatchController, owner: ResponseSourceOwner) {
    this.#controller = controller
    this.#owner = owner
  }

  /** Whether the upstream is paused, because the body is not read or its reader is slow. */
  get paused(): boolean {
    return this.#paused
  }

  // The upstream's side.

  write(chunk: Buffer): void {
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk)) this.pause()
      return
    }
    this.#queue ??= []
    this.#queue.push(chunk)
    this.#queued += chunk.length
    if (this.#queued >= QUEUE_BYTES) this.pause()
  }

  end(trailers: HeaderList | undefined): void {
    this.#end = 'ended'
    this.#trailers = trailers
    this.#sink?.end(trailers)
  }

  fail(error: WeirError): void {
    this.#end = error
    this.#sink?.fail(error)
  }

  // The reader's side.

  start(sink: BodySink): void {
    const queue = this.#queue
    this.#queue = undefined
    let more = true
    for (const chunk of queue ?? []) more = sink.write(chunk) && more
    this.#sink = sink
    if (this.#end === 'ended') sink.end(this.#trailers)
    else if (this.#end !== undefined) sink.fail(this.#end)
    else if (!more) this.pause()
    else if (this.#paused) this.resume()
  }

  pause(): void {
    this.#paused = true
    this.#controller.pause()
  }

  resume(): void {
    this.#paused = false
    this.#owner.resumed()
    this.#controller.resume()
  }

  cancel(error?: Error): void {
    this.#owner.cancel(error)
  }

  /** The reader is told nothing more. */
  detach(): void {
    this.#sink = undefined
  }
}
