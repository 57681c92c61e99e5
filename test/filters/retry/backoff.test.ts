import t from 'tap'
import { backoff } from '../../../filters/retry/backoff.ts'

t.test('full jitter', async (t) => {
  t.equal(backoff(0, 25, 250, 0), 0)
  t.equal(backoff(0, 25, 250, 0.5), 12.5)
  t.same(
    [0, 1, 2, 3, 4, 9].map((retry) => backoff(retry, 25, 250, 1)),
    [25, 50, 100, 200, 250, 250],
  )
  t.equal(backoff(5000, 25, 250, 1), 250)
})
