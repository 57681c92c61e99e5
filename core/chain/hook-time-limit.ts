import { HookError } from '../api/hook-error.ts'
import type { Deadline, TimerWheel } from '../base/timer-wheel.ts'

/** A hook that has a time limit. */
export interface LimitedHook {
  /** Name of its filter in the chain. */
  readonly name: string
  readonly hook: string
  /** Milliseconds. */
  readonly limitMs: number
}

/**
 * The result of a hook, or an error that names the hook if it takes too long. The time between `pause` and `resume` does not
 * count: an `upstream` hook is not responsible for a slow upstream.
 */
export class HookTimeLimit<T> {
  readonly result: Promise<T>
  readonly #hook: LimitedHook
  readonly #timers: TimerWheel
  readonly #now: () => number
  #reject!: (error: HookError) => void
  #left: number
  #since = 0
  #paused = 0
  #over = false
  #deadline: Deadline | undefined

  /**
   * @param run the hook; called at once
   * @param late gets a result that comes too late
   */
  constructor(
    hook: LimitedHook,
    timers: TimerWheel,
    now: () => number,
    run: (limit: HookTimeLimit<T>) => T | PromiseLike<T>,
    late: (result: T) => void,
  ) {
    this.#hook = hook
    this.#timers = timers
    this.#now = now
    this.#left = hook.limitMs
    const expired = new Promise<never>((_, reject) => {
      this.#reject = reject
    })
    this.#start()
    const work = new Promise<T>((resolve) => resolve(run(this)))
    const settled = (): void => {
      this.#deadline?.cancel()
      this.#over = true
    }
    work.then((result) => {
      if (this.#over) late(result)
      else settled()
    }, settled)
    this.result = Promise.race([work, expired])
  }

  /** The hook waits for something that is not its own work. Calls nest. */
  pause(): void {
    if (this.#paused++ > 0 || this.#over) return
    this.#deadline?.cancel()
    this.#left -= this.#now() - this.#since
  }

  /** The hook goes on. */
  resume(): void {
    if (--this.#paused === 0 && !this.#over) this.#start()
  }

  #start(): void {
    this.#since = this.#now()
    this.#deadline = this.#timers.after(Math.max(this.#left, 0), () => {
      this.#over = true
      const { name, hook, limitMs } = this.#hook
      this.#reject(new HookError(name, hook, new Error(`it took longer than ${limitMs} ms`), 'filter_timeout'))
    })
  }
}
