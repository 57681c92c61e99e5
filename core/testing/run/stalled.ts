import { setTimeout as sleep } from 'node:timers/promises'
import type { RunRecord } from './run-record.ts'
import type { TimeMode } from './test-time.ts'

/** How long a request may wait for nothing that is going to happen; real milliseconds. */
const STALLED_MS = 10_000

/**
 * Waits for the end of a request, but not for ever: a test that hangs says nothing.
 * @throws Error that names the hook that is waited for
 */
export async function patiently(work: Promise<void>, mode: TimeMode, record: RunRecord): Promise<void> {
  // Where time is real, the test's own time limit is the right one.
  if (mode === 'real') return work
  const over = new AbortController()
  const late = sleep(STALLED_MS, undefined, { signal: over.signal }).then(() => {
    const waiting = record.verdicts.find(({ verdict }) => verdict === 'pending')
    const what = waiting === undefined ? 'no hook of the filters' : `the hook ${waiting.hook} of "${waiting.filter}"`
    const hint = mode === 'manual' ? '. Time is manual: call chain.advance(…) while the request is under way' : ''
    throw new Error(`the request has not ended within ${STALLED_MS / 1000} s; it waits for ${what}${hint}`)
  })
  late.catch(() => {})
  try {
    await Promise.race([work, late])
  } finally {
    over.abort()
  }
}
