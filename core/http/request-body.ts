import type { IncomingMessage } from 'node:http'
import type { BodySink, BodySource } from '../api/body.ts'
import { type ErrorCode, WeirError } from '../api/errors.ts'
import { type IdleOwner, IdleWatchdog } from '../base/idle-watchdog.ts'
import type { TimerWheel } from '../base/timer-wheel.ts'

/** How long a client may send nothing of a body that is waited for. */
export interface Stall {
  readonly ms: number
  readonly timers: TimerWheel
}

/** The body of a downstream request as a source. Listens to the message only once it is started. */
export class RequestBody implements BodySource, IdleOwner {
  readonly #message: IncomingMessage
  readonly #stall: Stall
  readonly #onFirstRead: (() => void) | undefined
  #sink: BodySink | undefined
  #paused = false
  #listening = false
  readonly #watchdog: IdleWatchdog
  /** Bytes handed on so far. */
  received = 0
  /** The rest can't be expected: it is not framed as it must be, or does not come. */
  lost = false

  /** @param onFirstRead sends `100 Continue` where the client waits for it (RFC 9110 §10.1.1) */
  constructor(message: IncomingMessage, stall: Stall, onFirstRead: (() => void) | undefined) {
    this.#message = message
    this.#stall = stall
    this.#watchdog = new IdleWatchdog(stall.timers, this, stall.ms)
    this.#onFirstRead = onFirstRead
  }

  start(sink: BodySink): void {
    this.#sink = sink
    if (this.lost) return this.break()
    this.#onFirstRead?.()
    this.#listen()
  }

  pause(): void {
    this.#paused = true
    this.#message.pause()
  }

  resume(): void {
    this.#paused = false
    this.#watchdog.touch()
    this.#message.resume()
  }

  /** What comes is not framed as it must be: whoever reads is told so, now or later (RFC 9112 §6.3, §7.1). */
  break(): void {
    if (this.#message.complete) return // then it is about what came behind
    this.lost = true
    this.#fail('framing_invalid')
  }

  /** The rest is left to the rule for early replies. */
  cancel(): void {
    if (this.#sink === undefined) return
    this.#over()
    this.#message.pause()
  }

  /** The exchange is over: whatever still comes is read and dropped, or the connection would be stuck before it. */
  drain(): void {
    this.#sink = undefined
    const { complete, socket } = this.#message
    if (complete || socket.destroyed) return void this.#over()
    this.#listen()
    // Node forgets a message that was answered: it says nothing when the connection goes.
    socket.once('close', this.#gone)
    this.resume()
  }

  idleLimit(): number {
    // While the gateway itself does not read, silence is not the client's.
    return this.#paused ? Infinity : this.#stall.ms
  }

  onIdle(): void {
    this.lost = true
    if (this.#sink === undefined) this.#message.socket.destroy()
    else this.#fail('request_body_timeout')
  }

  #listen(): void {
    this.#watchdog.start()
    if (this.#listening) return
    this.#listening = true
    const message = this.#message
    message.on('data', (chunk: Buffer) => {
      this.#watchdog.touch()
      this.received += chunk.length
      if (this.#sink?.write(chunk) === false) this.pause()
    })
    message.on('end', () => this.#over()?.end())
    message.on('error', () => this.#fail('client_gone'))
    message.on('close', () => {
      if (message.complete) this.#over()
      else this.#fail('client_gone')
    })
  }

  #fail(code: ErrorCode): void {
    this.#over()?.fail(new WeirError(code))
  }

  readonly #gone = (): void => void this.#over()

  #over(): BodySink | undefined {
    this.#watchdog.stop()
    this.#message.socket?.off('close', this.#gone)
    const sink = this.#sink
    this.#sink = undefined
    return sink
  }
}
