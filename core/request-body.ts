import type { IncomingMessage } from 'node:http'
import type { BodySink, BodySource } from './body.ts'
import { WeirError } from './errors.ts'

/** The body of a downstream request as a source. Listens to the message only once it is started. */
export class RequestBody implements BodySource {
  readonly #message: IncomingMessage
  readonly #onFirstRead: (() => void) | undefined
  #sink: BodySink | undefined
  #broken = false
  /** Bytes handed on so far. */
  received = 0

  /** @param onFirstRead sends `100 Continue` where the client waits for it (RFC 9110 §10.1.1) */
  constructor(message: IncomingMessage, onFirstRead: (() => void) | undefined) {
    this.#message = message
    this.#onFirstRead = onFirstRead
  }

  start(sink: BodySink): void {
    this.#sink = sink
    if (this.#broken) return this.break()
    this.#onFirstRead?.()
    const message = this.#message
    message.on('data', (chunk: Buffer) => {
      this.received += chunk.length
      if (this.#sink?.write(chunk) === false) message.pause()
    })
    message.on('end', () => this.#over()?.end())
    message.on('error', () => this.#over()?.fail(new WeirError('client_gone')))
    message.on('close', () => {
      if (!message.complete) this.#over()?.fail(new WeirError('client_gone'))
    })
  }

  pause(): void {
    this.#message.pause()
  }

  resume(): void {
    this.#message.resume()
  }

  /** What comes is not framed as it must be: whoever reads is told so, now or later (RFC 9112 §6.3, §7.1). */
  break(): void {
    if (this.#message.complete) return // then it is about what came behind
    this.#broken = true
    this.#over()?.fail(new WeirError('framing_invalid'))
  }

  /** The rest is left to the rule for early replies. */
  cancel(): void {
    if (this.#sink === undefined) return
    this.#sink = undefined
    this.#message.pause()
  }

  /** The exchange is over: whatever still comes is read and dropped, or the connection would be stuck before it. */
  drain(): void {
    this.#sink = undefined
    if (!this.#message.complete) this.#message.resume()
  }

  #over(): BodySink | undefined {
    const sink = this.#sink
    this.#sink = undefined
    return sink
  }
}
