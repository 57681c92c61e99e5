import t from 'tap'
import { MergedRows } from '../../../core/observe/merged-rows.ts'
import type { MetricRows } from '../../../core/observe/metric-rows.ts'

const metric = (name: string, rows: MetricRows['rows'], more: Partial<MetricRows> = {}): MetricRows => ({
  name,
  help: 'Help.',
  type: 'counter',
  aggregate: 'sum',
  rows,
  ...more,
})

t.test('numbers are added up by labels; of what says max the largest counts', async (t) => {
  const merged = new MergedRows()
  const histogram = (count: number) => [
    { labels: { a: 'x' }, bounds: [1], buckets: [count, 1], sum: count, count: count + 1 },
  ]
  for (const value of [1, 2])
    for (const one of [
      metric('c_total', [
        { labels: { a: 'x' }, value },
        { labels: { a: `only ${value}` }, value },
      ]),
      metric('g', [{ labels: {}, value }], { type: 'gauge' }),
      metric('m', [{ labels: {}, value }], { type: 'gauge', aggregate: 'max' }),
      metric('h_seconds', histogram(value), { type: 'histogram' }),
      metric('p', [
        { labels: {}, metricName: 'p_sum', value },
        { labels: {}, value },
      ]),
    ])
      merged.add(one)
  t.strictSame(
    [...merged.all()].map(({ name, rows }) => [name, rows]),
    [
      [
        'c_total',
        [
          { labels: { a: 'x' }, value: 3 },
          { labels: { a: 'only 1' }, value: 1 },
          { labels: { a: 'only 2' }, value: 2 },
        ],
      ],
      ['g', [{ labels: {}, value: 3 }]],
      ['m', [{ labels: {}, value: 2 }]],
      ['h_seconds', [{ labels: { a: 'x' }, bounds: [1], buckets: [3, 2], sum: 3, count: 5 }]],
      [
        'p',
        [
          { labels: {}, metricName: 'p_sum', value: 3 },
          { labels: {}, value: 3 },
        ],
      ],
    ],
  )
})
