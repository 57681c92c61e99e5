import t from 'tap'
import { retryAfter } from '../../../filters/retry/retry-after.ts'

t.test('Retry-After', async (t) => {
  const wall = Date.UTC(1994, 10, 6, 8, 49, 30)
  for (const [value, ms] of [
    [undefined, undefined],
    ['0', 0],
    ['120', 120_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 7000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 7000],
    ['Sun Nov  6 08:49:37 1994', 7000],
    ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['1994-11-06', undefined],
    ['x Sun, 06 Nov 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:37 GMT (x)', undefined],
    ['Sun,06 Nov 1994 08:49:37 GMT', undefined],
    ['x Sun Nov  6 08:49:37 1994', undefined],
    ['Sun Nov  6 08:49:37 1994 (x)', undefined],
    ['x5', undefined],
    ['5x', undefined],
    ['Sun, 99 Xxx 1994 99:99:99 GMT', undefined],
  ] as const)
    t.equal(retryAfter(value, wall), ms, String(value))
})
