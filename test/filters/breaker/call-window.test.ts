import fc from 'fast-check'
import t from 'tap'
import { BUCKETS, newCallWindow, recordCall } from '../../../filters/breaker/call-window.ts'

t.test('counts what a naive list of the calls counts', async (t) => {
  const call = fc.record({
    wait: fc.oneof(fc.nat(30), fc.nat(3000), fc.nat(1e7)),
    failed: fc.boolean(),
    slow: fc.boolean(),
  })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(1e9),
        fc.array(call, { maxLength: 200 }),
        (tenth, start, calls) => {
          const length = tenth * BUCKETS
          let now = start / 7
          const window = newCallWindow(length, now)
          const all: { at: number; failed: boolean; slow: boolean }[] = []
          for (const { wait, failed, slow } of calls) {
            now += wait
            recordCall(window, failed, slow, now)
            all.push({ at: now, failed, slow })
            const bucket = (at: number): number => Math.floor(at / tenth)
            const counted = all.filter(({ at }) => bucket(at) > bucket(now) - BUCKETS)
            const { total } = window
            if (total.calls !== counted.length) return false
            if (total.failures !== counted.filter((c) => c.failed).length) return false
            if (total.slow !== counted.filter((c) => c.slow).length) return false
            if (counted.some(({ at }) => at <= now - length)) return false
            if (all.some((c) => !counted.includes(c) && c.at > now - length + tenth)) return false
          }
          return true
        },
      ),
      { numRuns: 500 },
    ),
  )
})
