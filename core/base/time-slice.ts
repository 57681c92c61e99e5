import { setImmediate } from 'node:timers/promises'

/** Longest time for which work may block the event loop; milliseconds. */
const SLICE_MS = 10

/**
 * Lets requests be served during long work on the event loop.
 *
 * ```ts
 * const slice = new TimeSlice()
 * for (const one of plans) {
 *   JSON.parse(one)
 *   if (slice.isOver) await slice.yield()
 * }
 * ```
 */
export class TimeSlice {
  #since = performance.now()

  /** True when the work has blocked the event loop for long enough. */
  get isOver(): boolean {
    return performance.now() - this.#since >= SLICE_MS
  }

  /** Yields to the event loop. Resolves when everything that waited has run; then the next slice starts. */
  async yield(): Promise<void> {
    await setImmediate()
    this.#since = performance.now()
  }
}

/** Long work in small steps. At each of its `yield`s the event loop may run. */
export type SlicedWork<T> = Generator<undefined, T>

/** Does the work in slices, so that requests are served meanwhile. */
export async function runInSlices<T>(work: SlicedWork<T>, slice = new TimeSlice()): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    if (slice.isOver) await slice.yield()
  }
}

/** Does all of the work without a pause. */
export function runAtOnce<T>(work: SlicedWork<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}
