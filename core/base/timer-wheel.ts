/** A deadline that was scheduled. */
export interface Deadline {
  /** Takes it back; harmless when it already fired. */
  cancel(): void
}

/** The time between two looks of the wheel at the clock. */
export interface WheelTurn {
  /** Monotonic milliseconds at which it ended; infinite as long as it lasts. */
  readonly end: number
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
 * are seconds, and a Node timer a request costs more than it is worth. After a stall of the process the sockets are read before
 * anything fires, so that what came during the stall is not held to have stayed out.
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
  #turn: { end: number } = { end: Infinity }

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
   * The present turn, to be noted when something happens: that costs a pointer, a clock 80 ns. A turn lasts about a tick, or as
   * long as no deadline is pending.
   */
  get turn(): WheelTurn {
    return this.#turn
  }

  /** Milliseconds since a turn ended: never more than since what happened in it, and less by at most the turn's length. */
  since(turn: WheelTurn): number {
    return Math.max(this.#now() - turn.end, 0)
  }

  /** Calls `fire` once, `ms` milliseconds from now or up to two ticks later. */
  after(ms: number, fire: () => void): Deadline {
    // The clock, not the last tick: after a stall the wheel is behind, and the deadline would be early.
    const now = this.#now()
    const at = Math.floor(now / this.#tick)
    if (this.#count === 0) this.#at = at
    const due = Math.max(Math.ceil((now + ms) / this.#tick), at + 1)
    const entry = new Entry(this, due, fire)
    const slot = due % SLOTS
    entry.next = this.#slots[slot]
    if (entry.next !== undefined) entry.next.previous = entry
    this.#slots[slot] = entry
    if (this.#count++ === 0 && !this.#manual) {
      // Immediates run behind the poll for I/O, timers before it.
      this.#timer = setInterval(() => setImmediate(() => this.advance()), this.#tick)
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
    const clock = this.#now()
    this.#turn.end = clock
    this.#turn = { end: Infinity }
    const now = Math.floor(clock / this.#tick)
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
