import type { Deadline, TimerWheel, WheelTurn } from './timer-wheel.ts'

/** Owner of a watchdog: says how long it may be silent, and is told when it was silent for too long. */
export interface IdleOwner {
  /** Silence that is allowed now, in milliseconds; infinite while silence says nothing, as while the owner itself is paused. */
  idleLimit(): number
  /**
   * The limit has passed in silence. The watchdog has stopped.
   * @param silentMs milliseconds since the last activity
   */
  onIdle(silentMs: number): void
}

/**
 * Limits how long nothing happens. It keeps one deadline at a time: activity only notes the wheel's turn, and a deadline that
 * fires after an activity is set again for what is left. It fires at most three ticks of the wheel late, and never early.
 */
export class IdleWatchdog {
  readonly #timers: TimerWheel
  readonly #owner: IdleOwner
  readonly #maxWait: number
  /** The wheel's turn of the last activity. */
  #active: WheelTurn
  #deadline: Deadline | undefined

  /**
   * @param maxWait the longest time between two looks at the limit, in milliseconds. It must be finite, and no longer than the
   * shortest limit, if the limit changes without `limitChanged`.
   */
  constructor(timers: TimerWheel, owner: IdleOwner, maxWait = Infinity) {
    this.#timers = timers
    this.#owner = owner
    this.#maxWait = maxWait
    this.#active = timers.turn
  }

  /** Counts silence from now. */
  touch(): void {
    this.#active = this.#timers.turn
  }

  /** Begins to watch, or begins again. Silence counts from now. */
  start(): void {
    this.touch()
    this.limitChanged()
  }

  /** Looks at the limit again. Begins to watch if the limit was infinite before. Silence counts as it did. */
  limitChanged(): void {
    this.#wait(this.#owner.idleLimit())
  }

  /** Ends it; harmless when it is not running. */
  stop(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
  }

  #wait(ms: number): void {
    this.stop()
    const wait = Math.min(ms, this.#maxWait)
    if (wait !== Infinity) this.#deadline = this.#timers.after(wait, () => this.#check())
  }

  #check(): void {
    this.#deadline = undefined
    const limit = this.#owner.idleLimit()
    const silent = this.#timers.since(this.#active)
    if (silent < limit) this.#wait(limit - silent)
    else this.#owner.onIdle(silent)
  }
}
