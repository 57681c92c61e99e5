import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TimerWheel } from '../base/timer-wheel.ts'
import type { DownstreamLimits } from './downstream-limits.ts'
import { type MinRate, minRate } from './min-rate.ts'

/**
 * The limits on a client that reads nothing, or too slowly. The first uses the timeout of the socket, which notices every byte that
 * the kernel takes; streams have no event for that. Both run only while something waits to be sent.
 */
export class SendTimeout {
  readonly #res: ServerResponse
  readonly #socket: Socket
  readonly #ms: number
  readonly #stalled: () => void
  readonly #rate: MinRate | undefined
  /** Bytes of the connection for which the rate has been asked. */
  #asked = 0
  #armed = false

  /** @param stalled called when the client has read nothing for `sendTimeoutMs`, or less than `minRate` */
  constructor(
    res: ServerResponse,
    socket: Socket,
    { sendTimeoutMs, minRate: rate }: Pick<DownstreamLimits, 'sendTimeoutMs' | 'minRate'>,
    timers: TimerWheel,
    stalled: () => void,
  ) {
    this.#res = res
    this.#socket = socket
    this.#ms = sendTimeoutMs
    this.#stalled = stalled
    this.#rate = minRate(timers, rate, stalled)
  }

  start(): void {
    if (!this.#armed) {
      this.#armed = true
      // Without a listener Node would close the connection, and the reason would be lost.
      this.#res.once('timeout', this.#stalled)
      // It must run before Node sets the timeout for idle connections.
      this.#res.prependOnceListener('finish', () => this.stop())
      if (this.#rate !== undefined) this.#res.once('close', () => this.#rate!.stop())
    }
    this.#socket.setTimeout(this.#ms)
    if (this.#rate === undefined) return
    const { bytesWritten, writableLength } = this.#socket
    this.#rate.wait(Math.min(bytesWritten - this.#asked, writableLength))
    this.#asked = bytesWritten
  }

  stop(): void {
    this.#socket.setTimeout(0)
    this.#rate?.stop()
  }
}
