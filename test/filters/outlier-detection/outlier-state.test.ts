import t from 'tap'
import {
  eject,
  mayEject,
  newOutlierState,
  type OutlierRules,
  observe,
  restore,
} from '../../../filters/outlier-detection/outlier-state.ts'

const RULES: OutlierRules = {
  consecutiveFailures: 3,
  failureShare: Infinity,
  requestVolume: 10,
  window: 1000,
  baseEjection: 100,
  maxEjection: 350,
  maxEjected: 0.5,
}

/** After which of these attempts, one a millisecond, the target should be ejected: `+` succeeded, `-` failed. */
function wanted(attempts: string, rules: Partial<OutlierRules> = {}): number[] {
  const record = newOutlierState()
  return [...attempts].flatMap((attempt, i) =>
    observe(record, { ...RULES, ...rules }, { failed: attempt === '-', startedAt: i }, i) === undefined ? [] : [i + 1],
  )
}

t.test('failures in a row', async (t) => {
  t.same(wanted('---'), [3])
  t.same(wanted('--+--+-+---'), [11])
  t.same(wanted('-----'), [3, 4, 5], 'asked again after each further one')
  t.same(wanted('-', { consecutiveFailures: 1 }), [1])
  t.same(wanted('-'.repeat(50), { consecutiveFailures: Infinity }), [])
})

t.test('the share of failures within a window', async (t) => {
  const rules = { consecutiveFailures: Infinity, failureShare: 0.5 }
  t.same(wanted('-+-+-+-+-', rules), [], 'too few to say')
  t.same(wanted('-+-+-+-+-+-', rules), [11], 'a success ejects nobody')
  t.same(wanted('+++++-+-+-+-+-', rules), [])
  t.same(wanted('-+-+-+-+-+-', { ...rules, window: 5 }), [], 'windows are counted apart')
  t.match(
    observe(
      { ...newOutlierState(), since: 0, seen: 9, failed: 4 },
      { ...RULES, ...rules },
      { failed: true, startedAt: 0 },
      1,
    ),
    '5 of 10',
  )
})

t.test('attempts from before the return, and during the ejection, say nothing', async (t) => {
  const record = newOutlierState()
  const fail = (startedAt: number, now: number) => observe(record, RULES, { failed: true, startedAt }, now)
  fail(0, 1)
  fail(0, 2)
  t.match(fail(0, 3), '3 failures in a row')
  eject(record, RULES, 3)
  t.equal(fail(2, 4), undefined)
  restore(record, 103)
  for (let i = 0; i < 10; i++) t.equal(fail(102, 110 + i), undefined)
  fail(103, 130)
  fail(104, 131)
  t.match(fail(105, 132), '3 failures in a row')
})

t.test('a window ends after exactly its length, and none outlives an ejection', async (t) => {
  const rules = { ...RULES, consecutiveFailures: Infinity, failureShare: 0.5, requestVolume: 4 }
  const record = newOutlierState()
  const fail = (now: number) => observe(record, rules, { failed: true, startedAt: now }, now)
  for (const now of [0, 1, 2]) t.equal(fail(now), undefined)
  t.equal(fail(1000), undefined, 'the first of the next window')
  for (const now of [1001, 1002]) t.equal(fail(now), undefined)
  t.match(fail(1999), '4 of 4', 'the last moment of it')
  t.equal(fail(2000), undefined, 'one more')
  eject(record, rules, 2001)
  restore(record, 2100)
  for (const now of [2100, 2101, 2102]) t.equal(fail(now), undefined, 'what was counted before the return is forgotten')
  t.match(fail(2103), '4 of 4')
})

t.test('each ejection in a row is longer, up to the longest; time without one forgives', async (t) => {
  const record = newOutlierState()
  const lasts = (now: number): number => {
    const ms = eject(record, RULES, now)
    restore(record, now + ms)
    return ms
  }
  t.same([0, 100, 300, 600].map(lasts), [100, 200, 300, 350])
  t.equal(lasts(950 + 99), 350, 'not a whole base time since')
  t.equal(lasts(1399 + 350), 300, '5 in a row, 3 forgiven')
  t.equal(lasts(9_000_000), 100)
  t.equal(eject(newOutlierState(), { ...RULES, maxEjection: 1 }, 0), 100, 'never shorter than the first')
})

t.test('the ceiling', async (t) => {
  const may = (targets: number, ejected: number, others = targets - 1 - ejected, maxEjected = 0.5) =>
    mayEject({ ...RULES, maxEjected }, targets, ejected, others)
  t.notOk(may(1, 0))
  t.notOk(may(1, 0, 0, 1), 'never the only one')
  t.ok(may(2, 0))
  t.notOk(may(2, 1))
  t.ok(may(3, 0))
  t.notOk(may(3, 1), 'rounded down')
  t.notOk(may(9, 0, 8, 0.1))
  t.ok(may(10, 0, 9, 0.1))
  t.notOk(may(10, 0, 9, 0))
  t.ok(may(3, 1, 1, 1))
  t.notOk(may(3, 2, 0, 1), 'nor the last')
  t.notOk(may(4, 0, 0), 'where checks took out the others')
})
