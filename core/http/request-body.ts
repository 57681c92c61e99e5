import type { IncomingMessage } from 'node:http'
import type { BodySink, BodySource } from '../api/body.ts'
import { type ErrorCode, WeirError } from '../api/errors.ts'
import { type IdleOwner, IdleWatchdog } from '../base/idle-watchdog.ts'
import type { TimerWheel } from '../base/timer-wheel.ts'
import { type MinRate, minRate } from './min-rate.ts'

/** The limits on a client that sends a body slowly, while the gateway waits for it. */
export interface Stall {
  /** Time without a byte; milliseconds. */
  readonly ms: number
  /** Bytes per second; 0: no limit. */
  readonly minRate: number
  readonly timers: TimerWheel
}

/** The body of a downstream request as a source. It listens to the message only from `start` on. */
export class RequestBody implements BodySource, IdleOwner {
  readonly #message: IncomingMessage
  readonly #stall: Stall
  readonly #onFirstRead: (() => void) | undefined
  #sink: BodySink | undefined
  #paused = false
  #listening = false
  /** The exchange is over, and the rest is read. */
  #draining = false
  readonly #watchdog: IdleWatchdog
  readonly #rate: MinRate | undefined
  /** Bytes that have come so far. */
  received = 0
  /** The rest will not come: its framing is invalid, or the client stopped sending. */
  lost = false

  /** @param onFirstRead sends `100 Continue` where the client waits for it (RFC 9110 §10.1.1) */
  constructor(message: IncomingMessage, stall: Stall, onFirstRead: (() => void) | undefined) {
    this.#message = message
    this.#stall = stall
    this.#watchdog = new IdleWatchdog(stall.timers, this, stall.ms)
    this.#rate = minRate(stall.timers, stall.minRate, () => this.onIdle())
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
    this.#rate?.stop()
    this.#message.pause()
  }

  resume(): void {
    this.#paused = false
    this.#watchdog.touch()
    this.#rate?.wait()
    this.#message.resume()
  }

  /** The framing of the body is invalid: fails its sink, now or at `start` (RFC 9112 §6.3, §7.1). */
  break(): void {
    if (this.#message.complete) return // then the error is about what came after the body
    this.lost = true
    this.#fail('framing_invalid')
  }

  /** Stops reading. early-reply.ts decides what happens to the rest. */
  cancel(): void {
    if (this.#sink === undefined) return
    this.#over()
    this.#message.pause()
  }

  /** The exchange is over: reads and drops the rest, because the next request of the connection comes after it. */
  drain(): void {
    this.#sink = undefined
    const { complete, socket } = this.#message
    if (complete || socket.destroyed) return void this.#over()
    this.#listen()
    // Node forgets a message whose response was sent: it emits nothing when the connection closes.
    this.#draining = true
    socket.once('close', this.#gone)
    this.resume()
  }

  idleLimit(): number {
    // While the gateway itself does not read, the client can't send.
    return this.#paused ? Infinity : this.#stall.ms
  }

  onIdle(): void {
    this.lost = true
    if (this.#sink === undefined) this.#message.socket.destroy()
    else this.#fail('request_body_timeout')
  }

  #listen(): void {
    this.#watchdog.start()
    this.#rate?.wait()
    if (this.#listening) return
    this.#listening = true
    const message = this.#message
    message.on('data', (chunk: Buffer) => {
      this.#watchdog.touch()
      this.#rate?.moved(chunk.length)
      this.received += chunk.length
      if (this.#sink?.write(chunk) === false) this.pause()
    })
    message.on('end', () => this.#over()?.end())
    message.on('error', () => {}) // `close` follows
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
    this.#rate?.stop()
    if (this.#draining) this.#message.socket?.off('close', this.#gone)
    this.#draining = false
    const sink = this.#sink
    this.#sink = undefined
    return sink
  }
}
