import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { exchange } from '../../../core/testing.ts'
import { waitForRetry } from '../../../filters/retry/retry-wait.ts'

t.test('a wait beyond the range of timers does not end at once', async (t) => {
  const x = exchange()
  const waited = waitForRetry(x, 30 * 86_400_000).then(
    () => 'over',
    () => 'aborted',
  )
  await sleep(30)
  x.abort()
  t.equal(await waited, 'aborted')
})
