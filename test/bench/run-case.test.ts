import t from 'tap'
import { joined, type Measured } from './run-case.ts'
import type { Pair } from './statistics.ts'

const pair = (cpu: number): Pair => [
  { cpu, rate: 1, p50: 1, p99: 1 },
  { cpu, rate: 1, p50: 1, p99: 1 },
]
const part = (names: string[], missing: string[], ...rounds: number[][]): Measured => ({
  names,
  pairs: rounds.map((each) => each.map(pair)),
  leftOut: 1,
  missing,
})

t.test('the rounds of all starts count, program by program', async (t) => {
  const whole = joined([part(['A', 'B'], ['C'], [1, 2], [3, 4]), part(['A', 'B'], ['C'], [5], [6])])
  t.strictSame(whole, {
    names: ['A', 'B'],
    pairs: [[1, 2, 5].map(pair), [3, 4, 6].map(pair)],
    leftOut: 2,
    missing: ['C'],
  })
})

t.test('a program that did not run at every start can not be compared', async (t) => {
  const parts = [part(['A', 'B'], [], [1], [2]), part(['A'], ['B: it ended'], [1])]
  t.throws(() => joined(parts), { message: 'not every start had all programs: B: it ended' })
})
