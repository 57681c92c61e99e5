import type { Deadline, TimerWheel } from '../base/timer-wheel.ts'

/** So long a client may be slower than the minimum rate, altogether; milliseconds. */
export const MIN_RATE_WINDOW_MS = 10_000

/**
 * Holds a client to a minimum rate in one body. It has a credit of time: waiting for the client spends it, every byte earns
 * 1/rate seconds, and it never exceeds the window. Time in which the gateway does not wait for the client costs nothing.
 */
export class MinRate {
  readonly #timers: TimerWheel
  readonly #bytesPerMs: number
  readonly #tooSlow: () => void
  #credit = MIN_RATE_WINDOW_MS
  #since: number | undefined
  #deadline: Deadline | undefined

  /**
   * @param rate bytes per second
   * @param tooSlow called when the credit is spent
   */
  constructor(timers: TimerWheel, rate: number, tooSlow: () => void) {
    this.#timers = timers
    this.#bytesPerMs = rate / 1000
    this.#tooSlow = tooSlow
  }

  /** The gateway waits for the client from now on. @param bytes that the client is to take: they are paid in advance */
  wait(bytes = 0): void {
    this.#spend()
    this.#credit += bytes / this.#bytesPerMs
    this.#since = this.#timers.now()
    this.#arm()
  }

  /** Bytes have come. */
  moved(bytes: number): void {
    this.#spend()
    this.#credit = Math.min(this.#credit + bytes / this.#bytesPerMs, MIN_RATE_WINDOW_MS)
  }

  /** The gateway does not wait any more. */
  stop(): void {
    this.#spend()
    this.#credit = Math.min(this.#credit, MIN_RATE_WINDOW_MS)
    this.#since = undefined
    this.#deadline?.cancel()
    this.#deadline = undefined
  }

  #spend(): void {
    if (this.#since === undefined) return
    const now = this.#timers.now()
    this.#credit -= now - this.#since
    this.#since = now
  }

  #arm(): void {
    this.#deadline?.cancel()
    this.#deadline = this.#timers.after(Math.max(this.#credit, 0), () => {
      this.#spend()
      if (this.#credit > 0) return this.#arm()
      this.stop()
      this.#tooSlow()
    })
  }
}

/** A `MinRate`, or undefined if there is no minimum. */
export const minRate = (timers: TimerWheel, rate: number, tooSlow: () => void): MinRate | undefined =>
  rate > 0 ? new MinRate(timers, rate, tooSlow) : undefined
