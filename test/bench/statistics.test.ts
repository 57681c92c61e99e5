import t from 'tap'
import { absolute, difference, itself, type Pair, quantile, ratio, type Sample } from './statistics.ts'

const sample = (cpu: number): Sample => ({ cpu, rate: 1000 / cpu, p50: 1, p99: 2 })
const pairs = (...values: [number, number][]): Pair[] => values.map(([a, b]): Pair => [sample(a), sample(b)])

t.test('a quantile lies between two values where it falls there', async (t) => {
  t.equal(quantile([3, 1, 2], 0.5), 2)
  t.equal(quantile([4, 1, 2, 3], 0.5), 2.5)
  t.equal(quantile([10, 20], 0.25), 12.5)
  t.equal(quantile([5], 0.99), 5)
  t.equal(quantile([1, 2, 3], 1), 3)
  t.ok(Number.isNaN(quantile([], 0.5)), 'no values, no quantile')
})

t.test('quantiles order numbers, not their texts, and leave the list as it is', async (t) => {
  const values = [100, 9, 20]
  t.equal(quantile(values, 0.5), 20)
  t.strictSame(values, [100, 9, 20])
})

t.test('a ratio compares the means of both runs, round by round', async (t) => {
  // 3, 2 and 1: a median over the rounds, not a ratio of medians.
  const of = pairs([20, 40], [10, 30], [50, 50])
  const to = pairs([10, 10], [10, 10], [50, 50])
  t.strictSame(ratio(of, to, 'cpu'), { median: 2, low: 1.5, high: 2.5 })
  t.equal(ratio(of, to, 'p99').median, 1)
})

t.test('a difference compares the means of both runs, round by round', async (t) => {
  const of = pairs([20, 40], [10, 30], [50, 50])
  const to = pairs([10, 10], [30, 30], [50, 50])
  t.strictSame(difference(of, to, 'cpu'), { median: 0, low: -5, high: 10 })
})

t.test('a program against itself: its first run of a round ÷ its second one', async (t) => {
  t.strictSame(itself(pairs([10, 20], [20, 20], [30, 20]), 'cpu'), { median: 1, low: 0.75, high: 1.25 })
})

t.test('absolute numbers are over all runs', async (t) => {
  t.strictSame(absolute(pairs([1, 2], [3, 4]), 'cpu'), { median: 2.5, low: 1.75, high: 3.25 })
})
