import fc from 'fast-check'
import t from 'tap'
import { askedOf, MOST_POINTS, resolutionFor } from '../../../plugins/statistics/history-range.ts'
import { Resolution } from '../../../plugins/statistics/resolution.ts'

const NOW = Date.UTC(2026, 0, 1)
const resolutions = [new Resolution(10_000, 900_000, 0), new Resolution(60_000, 10_800_000, 0)]
const asked = (range: Parameters<typeof askedOf>[0]) => askedOf(range, resolutions, NOW)

t.test('without a range, all of the finest steps', async (t) => {
  t.same(asked({}), { resolution: 0, stepMs: 10_000, from: NOW - 900_000, count: 91 })
})

t.test('a step decides which resolution; it is rounded up', async (t) => {
  t.match(asked({ step: 60 }), { resolution: 1, stepMs: 60_000, from: NOW - 10_800_000, count: 181 })
  t.match(asked({ step: 15 }), { resolution: 0, stepMs: 20_000 })
  t.match(asked({ step: 61 }), { resolution: 1, stepMs: 120_000 })
  t.match(asked({ step: 1 }), { resolution: 0, stepMs: 10_000 })
})

t.test('a range decides, too: the finest steps that cover it', async (t) => {
  t.match(asked({ from: NOW - 600_000 }), { resolution: 0, from: NOW - 600_000, count: 61 })
  t.match(asked({ from: NOW - 3_600_000 }), { resolution: 1, stepMs: 60_000, count: 61 })
  t.match(asked({ from: NOW - 3_600_000, step: 10 }), { resolution: 1, stepMs: 60_000 })
  t.match(asked({ from: 0 }), { resolution: 1, from: NOW - 10_800_000, count: 181 }, 'years')
  t.match(asked({ from: NOW - 60_000, to: NOW - 30_000 }), { from: NOW - 60_000, count: 4 })
})

t.test('soon after the start, the finest steps cover everything', async (t) => {
  const young = [new Resolution(10_000, 900_000, NOW - 25_000), new Resolution(60_000, 10_800_000, NOW - 25_000)]
  t.match(askedOf({ from: 0 }, young, NOW), { resolution: 0, from: NOW - 30_000, count: 4 })
  t.equal(resolutionFor(young, 86_400_000, NOW), 0)
  t.equal(resolutionFor(resolutions, 60_000, NOW), 0)
  t.equal(resolutionFor(resolutions, 86_400_000, NOW), 1)
})

t.test('a range that ends before it begins, or lies in the future, has no points', async (t) => {
  t.match(asked({ from: NOW - 1000, to: NOW - 60_000 }), { count: 0 })
  t.match(asked({ from: NOW + 3_600_000 }), { count: 0 })
  t.match(asked({ to: 0 }), { count: 0 })
})

t.test('there are never too many points: their steps are longer then', async (t) => {
  const long = [new Resolution(1000, 86_400_000, 0)]
  const { stepMs, count } = askedOf({}, long, NOW)
  t.ok(count <= MOST_POINTS && count > MOST_POINTS / 2, `${count} points`)
  t.ok(stepMs * count >= 86_400_000)
})

t.test('any numbers are answered', async () => {
  const any = fc.option(fc.oneof(fc.double(), fc.double({ min: NOW - 1e8, max: NOW + 1e8 })), { nil: undefined })
  fc.assert(
    fc.property(any, any, any, (from, to, step) => {
      const { resolution, stepMs, count, from: first } = asked({ from, to, step })
      const whole = stepMs % resolutions[resolution]!.stepMs === 0 && stepMs > 0
      if (!whole || !Number.isInteger(count) || count < 0 || count > MOST_POINTS) return false
      return (
        count === 0 || (first % stepMs === 0 && first <= NOW && first + count * stepMs >= NOW - 10_800_000 - stepMs)
      )
    }),
    { numRuns: 2000 },
  )
})
