import { TimeSlice } from '../../core/base/time-slice.ts'

/** Work that says, by yielding, where the event loop may have its turn. */
export type Steps<T> = Generator<undefined, T>

/** Does the work in slices: requests go on meanwhile. */
export async function paced<T>(steps: Steps<T>, slice = new TimeSlice()): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    if (slice.used) await slice.rest()
  }
}

/** Does the work at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
