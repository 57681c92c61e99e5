import { sleep } from '../../base/timer.ts'
import type { RunRecord } from './run-record.ts'
import type { TimeMode } from './test-time.ts'

/** How long a request may wait for nothing that is going to happen; real milliseconds. */
export const STALLED_MS = 10_000

export class StalledError extends Error {}

/**
 * Waits for the end of a request, but not for ever: a test that hangs says nothing.
 * @throws Error that names the hook that is waited for
 */
export async function patiently(
  work: Promise<void>,
  mode: TimeMode,
  record: RunRecord,
  limitMs = STALLED_MS,
): Promise<void> {
  // Where time is real, the test's own time limit is the right one.
  if (mode === 'real') return work
  const over = new AbortController()
  const late = sleep(limitMs, over.signal).then(() => {
    const waiting = record.verdicts.find(({ verdict }) => verdict === 'pending')
    const what = waiting === undefined ? 'no hook of the filters' : `the hook ${waiting.hook} of "${waiting.filter}"`
    const hint = mode === 'manual' ? '. Time is manual: call chain.advance(…) while the request is under way' : ''
    throw new StalledError(`the request has not ended within ${limitMs / 1000} s; it waits for ${what}${hint}`)
  })
  late.catch(() => {})
  try {
    await Promise.race([work, late])
  } finally {
    over.abort()
  }
}
