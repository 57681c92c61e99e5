import t from 'tap'
import type { MetricRows, Row } from '../../../core/observe/metric-rows.ts'
import { packRows, unpackRows } from '../../../core/observe/packed-rows.ts'

const metric = (rows: readonly Row[]): MetricRows => ({ name: 'm', help: 'M.', type: 'gauge', aggregate: 'sum', rows })
const samples = (count: number, more: (i: number) => object = () => ({})): Row[] =>
  Array.from({ length: count }, (_, i) => ({ labels: { a: `a${i}`, n: i }, value: i / 3, ...more(i) }))

t.test('what is packed is the same when it is unpacked', async (t) => {
  const columns = metric(samples(20))
  const kept = [
    metric(samples(3)),
    metric(samples(20, (i) => (i === 19 ? { metricName: 'm_sum' } : {}))),
    metric(samples(20, (i) => (i === 7 ? { labels: { a: 'x' } } : {}))),
    metric(samples(20, (i) => (i === 7 ? { labels: { n: 1, a: 'x' } } : {}))),
    metric(Array.from({ length: 20 }, () => ({ labels: {}, bounds: [1], buckets: [1, 2], sum: 3, count: 3 }))),
  ]
  const packed = packRows([columns, ...kept])
  t.strictSame(
    packed.map(({ rows }) => !Array.isArray(rows)),
    [true, false, false, false, false, false],
  )
  t.strictSame(unpackRows(structuredClone(packed)), [columns, ...kept])
})
