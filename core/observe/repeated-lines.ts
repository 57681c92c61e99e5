import type { Logger } from '../api/logger.ts'
import type { Clock } from '../base/clock.ts'
import type { Deadline, TimerWheel } from '../base/timer-wheel.ts'

/** How long lines of one key are counted after one was written; milliseconds. */
const PERIOD_MS = 10_000
/** Keys that are remembered. Lines of further keys share one. */
const MOST_KEYS = 1000
const OTHERS = ''

interface Kept {
  readonly message: string
  /** When its period ends; monotonic milliseconds. */
  end: number
  /** Of the latest line that was not written. */
  fields: object
  suppressed: number
  /** Set while there are lines that were not written. */
  due: Deadline | undefined
}

/**
 * Warnings that may come a thousand times in a second. Of each key the first is written at once. The next 10 s are counted: then
 * the latest is written, with their number as `suppressed`, and so on as long as there are any.
 */
export class RepeatedLines {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #timers: TimerWheel
  readonly #kept = new Map<string, Kept>()

  constructor(logger: Logger, clock: Clock, timers: TimerWheel) {
    this.#logger = logger
    this.#clock = clock
    this.#timers = timers
  }

  /** @param key what makes lines the same, from a small set */
  warn(key: string, fields: object, message: string): void {
    const now = this.#clock.now()
    const name = this.#hasRoom(key, now) ? key : OTHERS
    const kept = this.#kept.get(name)
    if (kept === undefined || (kept.due === undefined && kept.end <= now)) {
      this.#kept.set(name, { message, end: now + PERIOD_MS, fields, suppressed: 0, due: undefined })
      this.#logger.warn(fields, message)
      return
    }
    kept.suppressed++
    kept.fields = fields
    kept.due ??= this.#timers.after(kept.end - now, () => this.#summarize(kept))
  }

  /** Writes what was counted so far. For the end of the process. */
  flush(): void {
    for (const kept of this.#kept.values()) this.#summarize(kept)
    this.#kept.clear()
  }

  #hasRoom(key: string, now: number): boolean {
    if (this.#kept.has(key) || this.#kept.size < MOST_KEYS) return true
    for (const [other, { due, end }] of this.#kept) if (due === undefined && end <= now) this.#kept.delete(other)
    return this.#kept.size < MOST_KEYS
  }

  #summarize(kept: Kept): void {
    const { message, fields, suppressed, due } = kept
    if (suppressed === 0) return
    due?.cancel()
    kept.due = undefined
    kept.end = this.#clock.now() + PERIOD_MS
    kept.suppressed = 0
    this.#logger.warn({ ...fields, suppressed }, message)
  }
}
