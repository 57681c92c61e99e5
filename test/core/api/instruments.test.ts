import t from 'tap'
import { LabelledCounter, LabelledGauge, LabelledHistogram } from '../../../core/api/instruments.ts'

const OTHERS = ['5', Number.NaN, Number.POSITIVE_INFINITY, null, {}, 3n, Symbol('x')]

t.test('what is no number leaves the numbers as they are', (t) => {
  const [counter, gauge, histogram] = [new LabelledCounter([]), new LabelledGauge([]), new LabelledHistogram([])]
  counter.add(2)
  gauge.set(2)
  histogram.record(2)
  const before = [counter.samples(), gauge.samples(), histogram.samples()]
  for (const other of OTHERS as number[]) {
    counter.add(other)
    gauge.add(other)
    histogram.record(other)
  }
  for (const other of ['5', null, {}, 3n] as unknown as number[]) gauge.set(other)
  counter.add(-1)
  t.strictSame([counter.samples(), gauge.samples(), histogram.samples()], before)
  gauge.set(Number.POSITIVE_INFINITY)
  t.equal(gauge.samples()[0]!.value, Number.POSITIVE_INFINITY, 'a limit that there is not')
  t.end()
})
