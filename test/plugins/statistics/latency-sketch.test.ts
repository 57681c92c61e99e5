import fc from 'fast-check'
import t from 'tap'
import { LatencySketch } from '../../../plugins/statistics/latency-sketch.ts'

const SHARES = [0, 0.5, 0.95, 0.99, 1]
/** From a hundredth of a millisecond to a day, as often in each power of ten. */
const latency = fc.double({ min: -2, max: 7.93, noNaN: true }).map((exponent) => 10 ** exponent)

const sketchOf = (all: readonly number[]): LatencySketch => {
  const sketch = new LatencySketch()
  for (const ms of all) sketch.add(ms)
  return sketch
}

t.test('each quantile is within 5 % of the exact one', async () => {
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (all) => {
      const sketch = sketchOf(all)
      const sorted = all.toSorted((a, b) => a - b)
      return SHARES.every((share) => {
        const exact = sorted[Math.max(Math.ceil(share * all.length) - 1, 0)]!
        return Math.abs(sketch.quantile(share) - exact) <= 0.05 * exact
      })
    }),
  )
})

t.test('sketches of several processes give the same as one, in any order', async () => {
  fc.assert(
    fc.property(fc.array(fc.array(latency, { maxLength: 50 }), { maxLength: 6 }), (parts) => {
      const whole = sketchOf(parts.flat())
      const merged = new LatencySketch()
      for (const part of parts.toReversed()) merged.merge(sketchOf(part))
      return merged.count === whole.count && SHARES.every((share) => merged.quantile(share) === whole.quantile(share))
    }),
  )
})

t.test('what is too short, too long, or no time at all counts in the first or the last bucket', async (t) => {
  for (const odd of [0, -1, Number.NaN, -Infinity, 1e-9]) t.equal(sketchOf([odd]).quantile(0.5), 0.01, String(odd))
  for (const long of [1e12, Infinity]) t.ok(sketchOf([long]).quantile(0.5) > 86_400_000, String(long))
})

t.test('of few times the high percentiles are the longest one', (t) => {
  const sketch = sketchOf([1, 2, 1000])
  for (const share of [0.95, 0.99]) t.ok(sketch.quantile(share) > 900)
  t.ok(sketch.quantile(0.5) < 3)
  t.end()
})

t.test('an empty sketch has the quantile 0, and one that is cleared is empty', async (t) => {
  const sketch = new LatencySketch()
  t.equal(sketch.quantile(0.5), 0)
  sketch.add(5)
  sketch.clear()
  t.equal(sketch.count, 0)
  t.equal(sketch.quantile(0.99), 0)
})

t.test('memory is taken for the times that there are', async (t) => {
  t.ok(sketchOf([10, 11, 12, 20]).counts.length <= 32)
  t.ok(sketchOf([0.01, 86_400_000]).counts.length <= 256)
})
