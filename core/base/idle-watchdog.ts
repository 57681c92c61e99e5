import type { Deadline, TimerWheel, WheelTurn } from './timer-wheel.ts'

/** What an `IdleWatchdog` watches: it says how long it may be idle, and is told when it was idle for too long. */
export interface IdleOwner {
  /** Milliseconds that it may be idle now. Infinite while being idle means nothing, as when the owner itself has paused. */
  idleLimit(): number
  /**
   * The limit has passed without activity. The watchdog has stopped.
   * @param idleMs milliseconds since the last activity
   */
  onIdle(idleMs: number): void
}

/**
 * Limits how long nothing happens. It has one deadline at a time: an activity only notes the turn of the wheel, and a deadline
 * that fires after an activity is set again for the rest of the time. It fires up to three ticks of the wheel late (150 ms),
 * never early.
 *
 * ```ts
 * const watchdog = new IdleWatchdog(env.timers, { idleLimit: () => 30_000, onIdle: () => socket.destroy() })
 * socket.on('data', () => watchdog.touch())
 * socket.on('close', () => watchdog.stop())
 * watchdog.start()
 * ```
 */
export class IdleWatchdog {
  readonly #timers: TimerWheel
  readonly #owner: IdleOwner
  readonly #maxWait: number
  /** The turn of the wheel in which the last activity was. */
  #active: WheelTurn
  #deadline: Deadline | undefined

  /**
   * @param maxWait milliseconds after which the watchdog asks for the limit again. Needed only if the limit changes without a
   *   call of `limitChanged`; then no longer than the shortest limit.
   */
  constructor(timers: TimerWheel, owner: IdleOwner, maxWait = Infinity) {
    this.#timers = timers
    this.#owner = owner
    this.#maxWait = maxWait
    this.#active = timers.turn
  }

  /** Something happened: the time without activity counts from now. */
  touch(): void {
    this.#active = this.#timers.turn
  }

  /** Begins to watch, or begins again. The time without activity counts from now. */
  start(): void {
    this.touch()
    this.limitChanged()
  }

  /** Asks for the limit again. Begins to watch if the limit was infinite. The last activity stays what it was. */
  limitChanged(): void {
    this.#wait(this.#owner.idleLimit())
  }

  /** Stops watching. Harmless if it does not watch. */
  stop(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
  }

  #wait(ms: number): void {
    this.stop()
    const wait = Math.min(ms, this.#maxWait)
    if (wait !== Infinity) this.#deadline = this.#timers.afterTurn(wait, () => this.#check())
  }

  #check(): void {
    this.#deadline = undefined
    const limit = this.#owner.idleLimit()
    const idle = this.#timers.since(this.#active)
    if (idle < limit) this.#wait(limit - idle)
    else this.#owner.onIdle(idle)
  }
}
