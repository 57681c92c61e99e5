import type { Logger } from '../api/logger.ts'
import type { Clock } from '../base/clock.ts'
import { type Deadline, startInterval } from '../base/timer.ts'

/**
 * How long a worker has been silent, by the primary's own ticks. A tick that comes late does not count: the primary itself did not
 * run (it was blocked, or the machine was suspended), and what the worker said meanwhile may wait unread.
 */
export class Silence {
  readonly #tickMs: number
  #silentMs = 0

  /** @param tickMs time between two ticks; milliseconds */
  constructor(tickMs: number) {
    this.#tickMs = tickMs
  }

  /** The worker has said something. */
  broken(): void {
    this.#silentMs = 0
  }

  /**
   * A tick. @param elapsedMs since the one before
   * @returns milliseconds of silence so far
   */
  tick(elapsedMs: number): number {
    if (elapsedMs <= 1.5 * this.#tickMs) this.#silentMs += elapsedMs
    return this.#silentMs
  }
}

/** A worker that can be silent. */
export interface Watched {
  readonly number: number
  readonly silence: Silence
  /** It has started. */
  readonly opened: boolean
  readonly isGone: boolean
  readonly spawned: { kill(): void }
}

/** Ticks per time limit. */
const TICKS = 8
/** What a worker may take to import its code, without a word; milliseconds. */
const START_MS = 60_000

/** For workers of this time limit. @param timeoutMs milliseconds */
export const silenceFor = (timeoutMs: number): Silence => new Silence(timeoutMs / TICKS)

/** Kills workers whose event loop is silent for too long. @param workers called at each tick */
export function watchSilence(
  workers: () => Iterable<Watched>,
  { timeoutMs, clock, log }: { readonly timeoutMs: number; readonly clock: Clock; readonly log: Logger },
): Deadline {
  let before = clock.now()
  return startInterval(timeoutMs / TICKS, () => {
    const now = clock.now()
    const elapsed = now - before
    before = now
    for (const { number, silence, spawned, opened, isGone } of workers()) {
      const limit = opened ? timeoutMs : Math.max(timeoutMs, START_MS)
      if (silence.tick(elapsed) <= limit || isGone) continue
      log.error({ worker: number, timeout_ms: limit }, `worker ${number} does not respond and is killed`)
      spawned.kill()
    }
  })
}
