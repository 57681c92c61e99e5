import { setImmediate } from 'node:timers/promises'

/** Longest stretch of work between two breaths; milliseconds. */
const SLICE_MS = 10

/** Lets requests through during long work on the event loop: `if (slice.used) await slice.rest()`. */
export class TimeSlice {
  #since = performance.now()

  /** True when the loop has been held for long enough. */
  get used(): boolean {
    return performance.now() - this.#since >= SLICE_MS
  }

  /** Resolves when everything that waited has had its turn. */
  async rest(): Promise<void> {
    await setImmediate()
    this.#since = performance.now()
  }
}
