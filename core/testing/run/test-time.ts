import type { Clock } from '../../base/clock.ts'
import { sleep } from '../../base/timer.ts'
import { type Deadline, TimerWheel } from '../../base/timer-wheel.ts'
import { parseDuration } from '../../base/units.ts'
import { ManualClock } from '../manual-clock.ts'

/** A stretch of time: a number of milliseconds, or a text such as `250ms`, `5s`, `2m`. */
export type Span = number | string

/** Milliseconds of a span. @throws TypeError for anything else */
export function millisecondsOf(span: Span): number {
  const ms = typeof span === 'number' ? span : /[a-z]\s*$/.test(span) ? parseDuration(span) : undefined
  if (ms === undefined || Number.isNaN(ms) || ms < 0)
    throw new TypeError(
      `expected a time: milliseconds as a number, or a text such as "250ms", "5s"; found ${JSON.stringify(span)}`,
    )
  return ms
}

/**
 * How time passes while a request is under way:
 * - `auto`: by itself, but only where the request waits for nothing else: the clock then jumps to the next deadline.
 * - `manual`: by `advance` alone.
 * - `real`: as on the wall; `advance` adds to it. For filters that talk to real servers.
 */
export type TimeMode = 'auto' | 'manual' | 'real'

/** How long the process must have been idle before time passes by itself; real milliseconds. It may be reading a file. */
const IDLE_MS = 5

/** Until what follows from one another has happened, as far as it needs neither time nor the outside world. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}

/** Deadlines that fire to the millisecond when the clock is moved, and say when the next is due. */
class ManualTimers extends TimerWheel {
  readonly #clock: Clock
  readonly #pending = new Set<{ readonly at: number }>()

  constructor(clock: Clock, onError: (error: unknown) => void) {
    super({ manual: true, tick: 1, now: () => clock.now(), onError })
    this.#clock = clock
  }

  /** Monotonic milliseconds; undefined if there is none. */
  get next(): number | undefined {
    const at = Math.min(...Array.from(this.#pending, (one) => one.at))
    return at === Infinity ? undefined : at
  }

  override after(ms: number, fire: () => void): Deadline {
    // The wheel looks at whole milliseconds, and never at the present one.
    const now = this.#clock.now()
    const one = { at: Math.max(Math.ceil(now + ms), Math.floor(now) + 1) }
    this.#pending.add(one)
    const deadline = super.after(ms, () => {
      this.#pending.delete(one)
      fire()
    })
    return {
      cancel: () => {
        this.#pending.delete(one)
        deadline.cancel()
      },
    }
  }
}

/** The real clock, which can be put forward. */
class SkewedClock implements Clock {
  #skew = 0

  now(): number {
    return performance.now() + this.#skew
  }

  wall(): number {
    return Date.now() + this.#skew
  }

  advance(ms: number): void {
    this.#skew += ms
  }
}

/** The clock and the deadlines of a test. */
export class TestTime {
  readonly mode: TimeMode
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly #move: (ms: number) => void
  readonly #manual: ManualTimers | undefined
  /** Work for which time passes by itself. */
  #waiting = 0
  #advancing = 0
  #done = Promise.withResolvers<void>()

  /** @param onError called when the function of a deadline throws */
  constructor(mode: TimeMode, onError: (error: unknown) => void) {
    this.mode = mode
    const clock = mode === 'real' ? new SkewedClock() : new ManualClock()
    this.#move = (ms) => clock.advance(ms)
    this.clock = clock
    this.#manual = mode === 'real' ? undefined : new ManualTimers(clock, onError)
    this.timers = this.#manual ?? new TimerWheel({ now: () => clock.now(), onError })
  }

  /** Lets that much time pass. Deadlines fire in their order, each at its time, with all that follows from them. */
  async advance(span: Span): Promise<void> {
    const ms = millisecondsOf(span)
    this.#advancing++
    try {
      await settled()
      if (this.#manual === undefined) return await this.#step(ms)
      const until = this.clock.now() + ms
      for (let due = this.#manual.next; due !== undefined && due <= until; due = this.#manual.next)
        await this.#step(due - this.clock.now())
      if (until > this.clock.now()) await this.#step(until - this.clock.now())
    } finally {
      this.#advancing--
    }
  }

  /** The result of work that began; in mode `auto` time passes for it. */
  async until<T>(work: Promise<T>): Promise<T> {
    if (this.mode !== 'auto') return work
    if (this.#waiting++ === 0) void this.#flow()
    try {
      return await work
    } finally {
      this.#waiting--
      this.#done.resolve()
      this.#done = Promise.withResolvers()
    }
  }

  async #flow(): Promise<void> {
    while (this.#waiting > 0) {
      const idle = new AbortController()
      await Promise.race([this.#done.promise, sleep(IDLE_MS, idle.signal).catch(() => {})])
      idle.abort()
      const due = this.#manual!.next
      if (this.#waiting > 0 && this.#advancing === 0 && due !== undefined) await this.#step(due - this.clock.now())
    }
  }

  async #step(ms: number): Promise<void> {
    this.#move(Math.max(ms, 0))
    this.timers.advance()
    await settled()
  }
}
