import fc from 'fast-check'
import t from 'tap'
import { Figures } from '../../../plugins/statistics/figures.ts'
import { StepLog } from '../../../plugins/statistics/step-log.ts'
import { figures, sumOf, took } from './support.ts'

/** All that a log tells, by step. */
function contents(log: StepLog, first = -Infinity, last = Infinity): Map<number, unknown> {
  const all = new Map<number, Figures>()
  log.read(first, last, (step) => {
    const made = new Figures()
    all.set(step, made)
    return made
  })
  return new Map(Array.from(all, ([step, made]) => [step, made.plain()]))
}

const step = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 200_000_000 }))
const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: step, figures }) },
  { weight: 1, arbitrary: fc.record({ first: step, last: step }) },
)

t.test('a log tells the same as a map from steps to sums, in order, whatever comes in which order', async (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const log = new StepLog()
      const model = new Map<number, Figures>()
      for (const one of changes) {
        if ('put' in one) {
          log.put(one.put, one.figures)
          model.set(one.put, sumOf([model.get(one.put) ?? new Figures(), one.figures]))
        } else {
          log.trim(one.first, one.last)
          for (const known of [...model.keys()]) if (known < one.first || known > one.last) model.delete(known)
        }
      }
      const expected = [...model].sort(([a], [b]) => a - b).map(([at, sum]) => [at, sum.plain()] as const)
      t.strictSame([...contents(log)], expected)
      t.equal(log.isEmpty, model.size === 0)
      t.strictSame(
        [...contents(log, 5, 20)],
        expected.filter(([at]) => at >= 5 && at <= 20),
      )
      t.strictSame([...contents(StepLog.of(log.records))], expected, 'and so does one that is made of its records')
      return true
    }),
    { numRuns: 300 },
  )
})

t.test('a log that is used like a ring does not grow', async (t) => {
  const log = new StepLog()
  let largest = 0
  for (let i = 0; i < 5000; i++) {
    log.put(i, took(i % 50))
    log.trim(i - 90, i)
    largest = Math.max(largest, log.size)
  }
  t.equal(contents(log).size, 91)
  t.ok(largest < 320 + 91 * 14 * 1.3, `${largest} bytes`)
  t.equal(log.trim(4990, 5000), 81, 'it says how many were dropped')
  t.ok(log.size < 700, `${log.size} bytes after most of it was dropped`)
  log.trim(6000, 6000)
  t.ok(log.isEmpty)
  t.equal(log.size, new StepLog().size)
})

t.test('records that are none are an error', async (t) => {
  const log = new StepLog()
  log.put(1, took(5))
  log.put(2, took(5))
  const records = log.records.slice()
  t.throws(() => StepLog.of(records.subarray(0, -1)), /cut/)
  t.throws(() => StepLog.of(Uint8Array.from([...records, ...records])), /not in order/)
  t.throws(() => StepLog.of(Uint8Array.of(1, 4, 0, 0, 0, 0)), /too long/)
})
