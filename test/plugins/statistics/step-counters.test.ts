import t from 'tap'
import { Figures, REQUESTS } from '../../../plugins/statistics/figures.ts'
import { PackedReader } from '../../../plugins/statistics/packed-bytes.ts'
import { readFigures } from '../../../plugins/statistics/packed-figures.ts'
import { type Counted, StepCounters, SUBJECT_BYTES, Subject } from '../../../plugins/statistics/step-counters.ts'
import { JumpingClock } from './support.ts'

function setUp(maxBytes = 1024 ** 2) {
  const clock = new JumpingClock()
  const counters = new StepCounters(clock)
  counters.configure(10_000, maxBytes)
  const start = clock.wall()
  const count = (subject: Subject): boolean => {
    const figures = counters.of(subject, clock.now())
    figures?.took(5)
    if (figures !== undefined) figures.counts[REQUESTS]!++
    return figures !== undefined
  }
  return { clock, counters, start, count }
}

/** Requests by key and step, in seconds since `start`. */
function requestsOf({ pieces }: Counted, start: number): Record<string, number> {
  const all: Record<string, number> = {}
  for (const { bytes } of pieces) {
    const reader = new PackedReader(bytes)
    while (!reader.isAtEnd) {
      const at = (reader.number() - start) / 1000
      const name = `${reader.text()} ${at}`
      const figures = new Figures()
      readFigures(reader, figures)
      all[name] = (all[name] ?? 0) + figures.counts[REQUESTS]!
    }
  }
  return all
}

t.test('what is counted is handed over by step', async (t) => {
  const { clock, counters, start, count } = setUp()
  const [a, b] = [new Subject('a'), new Subject('b')]
  count(a)
  clock.advance(9999)
  count(a)
  count(b)
  clock.advance(1)
  count(a)
  clock.advance(25_000)
  count(b)
  t.same(requestsOf(await counters.cut({}), start), { 'a 0': 2, 'a 10': 1, 'b 0': 1, 'b 30': 1 })
})

t.test('what is not known to be taken is handed over again, under its number; what is taken is not', async (t) => {
  const { counters, start, count } = setUp()
  const subject = new Subject('a')
  count(subject)
  const first = await counters.cut({})
  count(subject)
  count(subject)
  const second = await counters.cut({})
  t.same(
    second.pieces.map(({ number }) => number),
    [1, 2],
  )
  t.same(requestsOf(second, start), { 'a 0': 3 })
  t.same(requestsOf(await counters.cut({ [first.id]: 1 }), start), { 'a 0': 2 })
  t.same((await counters.cut({ [first.id]: 2 })).pieces, [])
})

t.test('two who ask at the same time get the same', async (t) => {
  const { counters, start, count } = setUp()
  count(new Subject('a'))
  const [one, other] = await Promise.all([counters.cut({}), counters.cut({})])
  t.same(requestsOf(one, start), { 'a 0': 1 })
  t.same(requestsOf(other, start), { 'a 0': 1 })
})

t.test('a subject in which nothing happens holds no memory', async (t) => {
  const { counters, count } = setUp()
  const subject = new Subject('a')
  count(subject)
  await counters.cut({})
  t.not(subject.figures, undefined)
  await counters.cut({})
  t.equal(subject.figures, undefined)
  t.ok(count(subject), 'and can be counted again')
})

t.test('beyond the bound no subject is added, and what nobody takes is lost', async (t) => {
  const { clock, counters, count } = setUp(100 * SUBJECT_BYTES)
  const subjects = Array.from({ length: 200 }, (_, i) => new Subject(`s${i}`))
  const counted = subjects.filter(count)
  t.ok(counted.length > 60 && counted.length <= 100, `${counted.length} subjects`)
  for (let i = 0; i < 100; i++) {
    clock.advance(10_000)
    for (const subject of counted) t.ok(count(subject))
  }
  t.ok(counters.lost > 0)
  const { pieces, id } = await counters.cut({})
  t.ok(pieces[0]!.bytes.length <= 100 * SUBJECT_BYTES)
  await counters.cut({ [id]: 1 })
  await counters.cut({ [id]: 1 })
  t.ok(count(subjects.at(-1)!), 'there is room when others have nothing to count')
})

t.test('jumps of the wall clock show when the step is over', async (t) => {
  const { clock, counters, start, count } = setUp()
  const subject = new Subject('a')
  count(subject)
  clock.jump(-5 * 3_600_000)
  count(subject)
  clock.advance(10_000)
  count(subject)
  clock.jump(12 * 3_600_000)
  clock.advance(10_000)
  count(subject)
  t.same(requestsOf(await counters.cut({}), start), {
    'a 0': 2,
    [`a ${10 - 5 * 3600}`]: 1,
    [`a ${20 + 7 * 3600}`]: 1,
  })
})

t.test('other steps count from now on', async (t) => {
  const { clock, counters, start, count } = setUp()
  const subject = new Subject('a')
  clock.advance(5000)
  count(subject)
  counters.configure(1000, 1024 ** 2)
  count(subject)
  t.same(requestsOf(await counters.cut({}), start), { 'a 0': 1, 'a 5': 1 })
})
