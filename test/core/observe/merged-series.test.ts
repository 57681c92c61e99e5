import t from 'tap'
import { runAtOnce } from '../../../core/base/time-slice.ts'
import { writeExposition } from '../../../core/observe/exposition.ts'
import { MergedSeries } from '../../../core/observe/merged-series.ts'
import type { MetricRows } from '../../../core/observe/metric-rows.ts'
import { SeriesTexts, seriesOf } from '../../../core/observe/metric-series.ts'

const metric = (name: string, rows: MetricRows['rows'], more: Partial<MetricRows> = {}): MetricRows => ({
  name,
  help: 'Help.',
  type: 'counter',
  aggregate: 'sum',
  rows,
  ...more,
})

t.test('numbers are added up by labels; of what says max the largest counts', async (t) => {
  const merged = new MergedSeries()
  const histogram = (count: number, bounds = [1]) => [
    { labels: { a: bounds[0] === 1 ? 'x' : `${bounds}` }, bounds, buckets: [count, 1], sum: count, count: count + 1 },
  ]
  for (const value of [1, 2]) {
    const all = [
      metric('c_total', [
        { labels: { a: 'x' }, value },
        { labels: { a: `only "${value}"\n` }, value },
      ]),
      metric('g', [{ labels: {}, value }], { type: 'gauge' }),
      metric('m', [{ labels: {}, value }], { type: 'gauge', aggregate: 'max' }),
      metric('h_seconds', [...histogram(value), ...histogram(value, [value + 1])], { type: 'histogram' }),
      metric('p', [
        { labels: {}, metricName: 'p_sum', value },
        { labels: {}, value },
      ]),
      metric('none', []),
    ]
    // As it arrives from another process.
    for (const one of all) merged.add(structuredClone(runAtOnce(seriesOf(one))))
  }
  const text = Buffer.concat(runAtOnce(writeExposition(merged.all()))).toString()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  t.strictSame(lines, [
    'c_total{a="x"} 3',
    'c_total{a="only \\"1\\"\\n"} 1',
    'c_total{a="only \\"2\\"\\n"} 2',
    'g 3',
    'm 2',
    'h_seconds_bucket{a="x",le="1"} 3',
    'h_seconds_bucket{a="x",le="+Inf"} 5',
    'h_seconds_sum{a="x"} 3',
    'h_seconds_count{a="x"} 5',
    'h_seconds_bucket{a="2",le="2"} 1',
    'h_seconds_bucket{a="2",le="+Inf"} 2',
    'h_seconds_sum{a="2"} 1',
    'h_seconds_count{a="2"} 2',
    'h_seconds_bucket{a="3",le="3"} 2',
    'h_seconds_bucket{a="3",le="+Inf"} 3',
    'h_seconds_sum{a="3"} 2',
    'h_seconds_count{a="3"} 3',
    'p_sum 3',
    'p 3',
  ])
  t.match(text, /# TYPE none counter\n/)
})

t.test('the text of series whose labels are the same objects is kept', async (t) => {
  const texts = new SeriesTexts()
  const labels = Array.from({ length: 2000 }, (_, i) => ({ n: i }))
  const of = (name: string, rows: MetricRows['rows']) => runAtOnce(seriesOf(metric(name, rows), texts)).blocks[0]!
  const rows = (value: number) => labels.map((one) => ({ labels: one, value }))
  const first = of('m', rows(1))
  labels[7]!.n = 70_000 // nobody does that; it shows that the text is not written again
  const second = of('m', rows(2))
  t.equal(second.series, first.series)
  t.equal(second.values[1999], 2)
  t.match(of('other', rows(2)).series, 'n="70000"')
  const fewer = of('m', rows(1).slice(1))
  t.equal(fewer.series.split('\n').length, 1999)
  const changed = of('m', [...rows(1).slice(0, -1), { labels: { n: -1 }, value: 3 }])
  t.match(changed.series, /m\{n="-1"\}$/)
  t.match(of('m', [{ labels: labels[0]!, value: 1 }]).series, /^m\{n="0"\}$/)
})

t.test('what is added is not changed, whether the series are the same or not', async (t) => {
  const samples = (count: number): MetricRows['rows'] =>
    Array.from({ length: count }, (_, i) => ({ labels: { n: i, a: `a${i}` }, value: i }))
  const [one, two] = [
    runAtOnce(seriesOf(metric('c_total', samples(20)))),
    runAtOnce(seriesOf(metric('c_total', samples(30)))),
  ]
  const merged = new MergedSeries()
  for (const each of [one, one, two, one]) merged.add(each)
  const [block] = [...merged.all()][0]!.blocks
  t.strictSame(
    [...block!.values],
    Array.from({ length: 30 }, (_, i) => (i < 20 ? 4 * i : i)),
  )
  t.equal(block!.series.split('\n')[29], 'c_total{n="29",a="a29"}')
  t.strictSame([...one.blocks[0]!.values].at(-1), 19)
})

t.test('of exemplars of one bucket the newest counts', async (t) => {
  const sample = (x: string, at: number) => ({
    labels: { x },
    bounds: [1],
    buckets: [1, 1],
    sum: 2,
    count: 2,
    exemplars: [{ traceId: `${x}${at}`, value: 0.5, at }, undefined],
  })
  const of = (...rows: MetricRows['rows']) => runAtOnce(seriesOf(metric('c', rows, { type: 'histogram' })))
  const merged = new MergedSeries()
  merged.add(of(sample('a', 3), sample('b', 3)))
  merged.add(of(sample('a', 2), sample('b', 4)))
  merged.add(of(sample('c', 1), sample('a', 5)))
  const [{ blocks }] = [...merged.all()] as unknown as [
    { blocks: readonly { exemplars?: ReadonlyMap<number, unknown> }[] },
  ]
  const width = 4
  t.strictSame(
    [0, 1, 2].map((i) => (blocks[0]!.exemplars!.get(i * width) as { traceId: string }).traceId),
    ['a5', 'b4', 'c1'],
  )
  t.equal(blocks[0]!.exemplars!.size, 3)
})

t.test('a series of other buckets, or another type, is there once: as the youngest kind has it', (t) => {
  const merged = new MergedSeries()
  const histogram = (labels: readonly string[], bounds: readonly number[]): MetricRows =>
    metric(
      'h_seconds',
      labels.map((a) => ({
        labels: { a },
        bounds,
        buckets: bounds.map(() => 1).concat(0),
        sum: 1,
        count: bounds.length,
        exemplars: [{ traceId: a.repeat(32), value: 1, at: 1000 }],
      })),
      { type: 'histogram' },
    )
  const all = [
    histogram(['a', 'b'], [1, 2]),
    metric('k', [{ labels: {}, value: 5 }], { type: 'gauge' }),
    histogram(['a'], [3]),
    metric('k', [{ labels: {}, value: 1 }]),
    histogram(['a', 'b'], [1, 2]),
    metric('k', [{ labels: {}, value: 2 }]),
  ]
  for (const one of all) merged.add(runAtOnce(seriesOf(one)))
  const exposition = [...merged.all()]
  const text = Buffer.concat(runAtOnce(writeExposition(exposition))).toString()
  t.strictSame(
    text.split('\n').filter((line) => /^(?!#).|^# TYPE/.test(line)),
    [
      '# TYPE h_seconds histogram',
      'h_seconds_bucket{a="b",le="1"} 2',
      'h_seconds_bucket{a="b",le="2"} 4',
      'h_seconds_bucket{a="b",le="+Inf"} 4',
      'h_seconds_sum{a="b"} 2',
      'h_seconds_count{a="b"} 4',
      'h_seconds_bucket{a="a",le="3"} 1',
      'h_seconds_bucket{a="a",le="+Inf"} 1',
      'h_seconds_sum{a="a"} 1',
      'h_seconds_count{a="a"} 1',
      '# TYPE k counter',
      'k 3',
    ],
  )
  t.strictSame(
    exposition[0]!.blocks.map(({ exemplars }) => [...exemplars!].map(([at, { traceId }]) => [at, traceId[0]])),
    [[[0, 'b']], [[0, 'a']]],
  )
  t.end()
})
