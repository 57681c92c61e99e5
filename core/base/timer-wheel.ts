import { type Deadline, startInterval } from './timer.ts'

export type { Deadline } from './timer.ts'

/** The time between two readings of the clock by a `TimerWheel`: a coarse time stamp that costs nothing to take. */
export interface WheelTurn {
  /** Monotonic milliseconds at which the turn ended; infinite while it lasts. */
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

/** The wheel's timer stops after so many ticks without a deadline: a request may add the next one soon, and timers cost a microsecond. */
const IDLE_TICKS = 20

/**
 * Deadlines of thousands of requests on one Node timer; filters get it as `env.timers`. A deadline fires up to two ticks late
 * (100 ms), never early: deadlines of requests are seconds, and a Node timer per request costs more than the precision is
 * worth. After the process was blocked, sockets are read before deadlines fire, so that data that came meanwhile counts.
 * Hashed timing wheel: Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987), scheme 6.
 *
 * ```ts
 * const deadline = env.timers.after(2000, () => controller.abort())
 * socket.once('data', () => deadline.cancel())
 * ```
 */
export class TimerWheel {
  readonly #tick: number
  readonly #now: () => number
  readonly #slots: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined)
  #count = 0
  /** The last tick whose slot was checked. */
  #at: number
  /** The clock when it was. */
  #advancedAt = 0
  #timer: Deadline | undefined
  #idleTicks = 0
  #turn: { end: number } = { end: Infinity }

  readonly #manual: boolean
  readonly #onError: (error: unknown) => void

  /**
   * @param options.tick milliseconds; default: 50
   * @param options.now monotonic milliseconds
   * @param options.manual no timer runs: the owner calls `advance`, as tests do
   * @param options.onError gets what the function of a deadline throws; the other deadlines fire all the same
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

  /** Number of pending deadlines. */
  get size(): number {
    return this.#count
  }

  /**
   * The current turn, to be noted when something happens: `since` then says how long ago it was. Noting it costs a pointer;
   * reading a clock costs 80 ns (measured). A turn lasts about a tick; while no deadline is pending, it goes on.
   */
  get turn(): WheelTurn {
    return this.#turn
  }

  /** @internal Monotonic milliseconds, read from the clock. */
  now(): number {
    return this.#now()
  }

  /** Milliseconds since a turn ended. What happened in that turn is as old as that, or older by up to the turn's length. */
  since(turn: WheelTurn): number {
    return Math.max(this.#now() - turn.end, 0)
  }

  /** Calls `fire` once, `ms` milliseconds from now or up to two ticks later. */
  after(ms: number, fire: () => void): Deadline {
    // By the clock, not by the last tick: after the process was blocked, the last tick is too old, and it would fire early.
    return this.#add(this.#now(), ms, fire)
  }

  /**
   * @internal The same, counted from the beginning of the present turn: it saves a reading of the clock. After the process was blocked
   * it fires as much too early, so `fire` must look how late it is.
   */
  afterTurn(ms: number, fire: () => void): Deadline {
    return this.#add(this.#count === 0 ? this.#now() : this.#advancedAt, ms, fire)
  }

  #add(now: number, ms: number, fire: () => void): Deadline {
    const at = Math.floor(now / this.#tick)
    if (this.#count === 0) {
      this.#at = at
      this.#advancedAt = now
    }
    const due = Math.max(Math.ceil((now + ms) / this.#tick), at + 1)
    const entry = new Entry(this, due, fire)
    const slot = due % SLOTS
    entry.next = this.#slots[slot]
    if (entry.next !== undefined) entry.next.previous = entry
    this.#slots[slot] = entry
    this.#count++
    if (this.#timer === undefined && !this.#manual) {
      // Immediates run after the poll for I/O, timers before it.
      this.#timer = startInterval(this.#tick, () => setImmediate(() => this.advance()))
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
    // A dead entry in the old generation would keep alive the newer one that this leads to, and that one the next, and so on. `next` stays:
    // it leads to an older one, and `advance` may be at it.
    entry.previous = undefined
    this.#count--
  }

  /** Fires every deadline that is due. The wheel's own timer calls it, unless the wheel is `manual`. */
  advance(): void {
    const clock = this.#now()
    this.#advancedAt = clock
    this.#turn.end = clock
    this.#turn = { end: Infinity }
    const now = Math.floor(clock / this.#tick)
    // After a long block every slot is checked once, not once per missed tick.
    const from = Math.max(this.#at + 1, now - SLOTS + 1)
    this.#at = now
    this.#idleTicks = this.#count === 0 ? this.#idleTicks + 1 : 0
    if (this.#idleTicks >= IDLE_TICKS) {
      this.#idleTicks = 0
      this.#timer?.cancel()
      this.#timer = undefined
    }
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
