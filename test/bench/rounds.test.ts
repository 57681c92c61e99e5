import t from 'tap'
import { partsOf, rounds } from './rounds.ts'
import type { Sample } from './statistics.ts'

/** Programs that note when they run; each run costs one more than the last one of all. */
function programs(names: string) {
  const order: string[] = []
  const runs = [...names].map((name) => async (): Promise<Sample> => {
    order.push(name)
    return { cpu: order.length, rate: 1, p50: 1, p99: 1 }
  })
  return { order, runs }
}

/** The clock of the machine: each round takes 1000 ticks, of which so many are stolen. */
function clock(stolen: readonly number[]) {
  let [all, sum, reads] = [0, 0, 0]
  return () => {
    if (reads++ % 2 === 1) {
      all += 1000
      sum += stolen[(reads - 2) / 2] ?? 0
    }
    return { all, stolen: sum }
  }
}

t.test('within a round the order is A B C C B A', async (t) => {
  const { order, runs } = programs('ABC')
  const { pairs, leftOut } = await rounds(runs, 2, clock([]))
  t.equal(order.join(''), 'ABCCBAABCCBA')
  t.equal(leftOut, 0)
  t.strictSame(
    pairs.map((rounds) => rounds.map(([a, b]) => [a.cpu, b.cpu])),
    [
      [
        [1, 6],
        [7, 12],
      ],
      [
        [2, 5],
        [8, 11],
      ],
      [
        [3, 4],
        [9, 10],
      ],
    ],
  )
})

t.test('a round with more than 1 % of stolen time is left out and run again', async (t) => {
  const { order, runs } = programs('A')
  const { pairs, leftOut } = await rounds(runs, 2, clock([0, 11, 10]))
  t.equal(order.length, 6)
  t.equal(leftOut, 1)
  t.strictSame(
    pairs[0]!.map(([a]) => a.cpu),
    [1, 5],
    '10 of 1000 ticks are still good',
  )
})

t.test('at most twice as many rounds are run as wanted', async (t) => {
  const { order, runs } = programs('A')
  const { pairs, leftOut } = await rounds(runs, 3, clock([0, 500, 500, 500, 500, 500, 0]))
  t.equal(order.length, 12)
  t.equal(leftOut, 5)
  t.equal(pairs[0]!.length, 1)
})

t.test('without a single good round the bad ones count', async (t) => {
  const { runs } = programs('A')
  const { pairs, leftOut } = await rounds(runs, 1, clock([500, 500]))
  t.equal(leftOut, 2)
  t.equal(pairs[0]!.length, 2)
})

t.test('rounds are split over the starts of the programs', async (t) => {
  t.strictSame(partsOf(9, 1), [9])
  t.strictSame(partsOf(9, 3), [3, 3, 3])
  t.strictSame(partsOf(4, 3), [1, 1, 2])
  t.strictSame(partsOf(2, 3), [1, 1])
  t.strictSame(partsOf(0.5, 3), [1])
})
