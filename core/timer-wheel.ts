/** A deadline that was scheduled. */
export interface Deadline {
  /** Takes it back; harmless when it already fired. */
  cancel(): void
}

class Entry implements Deadline {
  due: number
  fire: (() => void) | undefined
  previous: Entry | undefined
  next: Entry | undefined
  readonly wheel: TimerWheel

  constructor(wheel: TimerWheel, due: number, fire: () => void) {
    this.wheel = wheel
    this.due = due
    this.fire = fire
  }

  cancel(): void {
    this.wheel.remove(this)
  }
}

const SLOTS = 512

/**
 * Deadlines of thousands of requests on one timer. Firing is late by at most two ticks (of 50 ms), never early: deadlines here
 * are seconds, and a Node timer a request costs more than it is worth.
 * Hashed timing wheel: Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987), scheme 6.
 */
export class TimerWheel {
  readonly #tick: number
  readonly #now: () => number
  readonly #slots: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined)
  #count = 0
  /** The last tick whose slot was looked at. */
  #at: number
  #timer: NodeJS.Timeout | undefined

  readonly #manual: boolean
  readonly #onError: (error: unknown) => void

  /**
   * @param options.now monotonic milliseconds
   * @param options.manual no timer runs; the owner calls `advance`
   * @param options.onError told when a deadline's function throws; the others fire all the same
   */
  constructor(
    options: { tick?: number; now?: () => number; manual?: boolean; onError?: (error: unknown) => void } = {},
  ) {
    this.#tick = options.tick ?? 50
    this.#now = options.now ?? (() => performance.now())
    this.#manual = options.manual === true
    this.#onError = options.onError ?? ((error) => process.emitWarning(error instanceof Error ? error : String(error)))
    this.#at = Math.floor(this.#now() / this.#tick)
  }

  /** How many deadlines are pending. */
  get size(): number {
    return this.#count
  }

  /**
   * Monotonic milliseconds, ahead of the true time by less than two ticks and never behind it, as long as a deadline is
   * pending. Costs a multiplication where a clock costs 80 ns.
   */
  get coarse(): number {
    return (this.#at + 1) * this.#tick
  }

  /** Calls `fire` once, `ms` milliseconds from now or up to two ticks later. */
  after(ms: number, fire: () => void): Deadline {
    // The clock, not the last tick: after a stall the wheel is behind, and the deadline would be early.
    const at = Math.floor(this.#now() / this.#tick)
    if (this.#count === 0) this.#at = at
    const due = at + 1 + Math.max(Math.ceil(ms / this.#tick), 1)
    const entry = new Entry(this, due, fire)
    const slot = due % SLOTS
    entry.next = this.#slots[slot]
    if (entry.next !== undefined) entry.next.previous = entry
    this.#slots[slot] = entry
    if (this.#count++ === 0 && !this.#manual) {
      this.#timer = setInterval(() => this.advance(), this.#tick)
      this.#timer.unref()
    }
    return entry
  }

  /** @internal */
  remove(entry: Entry): void {
    if (entry.fire === undefined) return
    entry.fire = undefined
    if (entry.previous !== undefined) entry.previous.next = entry.next
    else this.#slots[entry.due % SLOTS] = entry.next
    if (entry.next !== undefined) entry.next.previous = entry.previous
    if (--this.#count === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  /** Fires everything that is due. */
  advance(): void {
    const now = Math.floor(this.#now() / this.#tick)
    // After a long stall every slot is looked at once, not once a missed tick.
    const from = Math.max(this.#at + 1, now - SLOTS + 1)
    this.#at = now
    for (let tick = from; tick <= now; tick++) {
      let entry = this.#slots[tick % SLOTS]
      while (entry !== undefined) {
        const next = entry.next
        if (entry.due <= now && entry.fire !== undefined) {
          const { fire } = entry
          this.remove(entry)
          try {
            fire()
          } catch (error) {
            this.#onError(error)
          }
        }
        entry = next
      }
    }
  }
}
