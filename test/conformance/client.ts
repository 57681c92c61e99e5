import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Step } from './case.ts'
import { type Ending, type Message, readResponse, statusOf } from './wire.ts'

/** Nothing that is asserted takes longer, unless it never comes. */
export const PATIENCE_MS = 3000

/** What came back so far. */
export interface Answers {
  /** Final responses; the last one may be unfinished. */
  readonly finals: readonly Message[]
  readonly interim: readonly number[]
  /** Behind a 101. */
  readonly tunnel: string
  readonly broken: string | undefined
}

/** One connection of a client that writes bytes and reads what comes strictly. */
export class Conversation {
  readonly #socket: Socket
  readonly #methods: string[]
  #text = ''
  ended: Ending = 'open'
  #wake: (() => void) | undefined

  /** @param methods of the requests that are sent, for the framing of the answers */
  constructor(port: number, methods: readonly string[], from = '127.0.0.1') {
    this.#methods = [...methods]
    this.#socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true, noDelay: true })
    this.#socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1')
      this.#wake?.()
    })
    this.#socket.on('end', () => this.#over('end'))
    this.#socket.on('error', () => this.#over('reset'))
    this.#socket.on('close', () => this.#over('reset'))
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step === 'END') this.#socket.end()
      else if (step === 'RESET') this.#socket.resetAndDestroy()
      else if (typeof step === 'string') {
        if (step !== 'HOLD' && this.#socket.writable) this.#socket.write(step, 'latin1')
      } else if ('pause' in step) await pause(step.pause)
      else await this.until(() => this.#text.includes(step.until))
    }
  }

  /** A further request on this connection. */
  send(bytes: string, method: string): void {
    this.#methods.push(method)
    if (this.#socket.writable) this.#socket.write(bytes, 'latin1')
  }

  get answers(): Answers {
    const finals: Message[] = []
    const interim: number[] = []
    let tunnel = ''
    for (let at = 0; at < this.#text.length; ) {
      const reading = readResponse(this.#text, at, this.#methods[finals.length] ?? 'GET', this.ended)
      if (reading.kind === 'broken') return { finals, interim, tunnel, broken: reading.why }
      if (reading.kind === 'part') {
        if (reading.message !== undefined) finals.push(reading.message)
        else if (this.ended !== 'open') return { finals, interim, tunnel, broken: 'half a head' }
        break
      }
      const status = statusOf(reading.message)
      at = reading.next
      if (status < 200 && status !== 101) interim.push(status)
      else finals.push(reading.message)
      if (status === 101) {
        tunnel = this.#text.slice(at)
        break
      }
    }
    return { finals, interim, tunnel, broken: undefined }
  }

  /** Resolves once `wanted` holds: true; or once nothing more can come, or it took too long. */
  async until(wanted: () => boolean): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS
    while (!wanted()) {
      const left = deadline - performance.now()
      if (left <= 0 || this.ended !== 'open') return wanted()
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, left)
      await promise
      clearTimeout(timer)
    }
    return true
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #over(how: Ending): void {
    if (this.ended === 'open') this.ended = how
    this.#wake?.()
  }
}
