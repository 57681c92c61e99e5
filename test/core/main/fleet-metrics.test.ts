import t from 'tap'
import { runAtOnce } from '../../../core/base/time-slice.ts'
import { FleetMetrics } from '../../../core/main/fleet-metrics.ts'
import { seriesOf } from '../../../core/observe/metric-series.ts'
import { Metrics } from '../../../core/observe/metrics.ts'

const rows = (value: number) =>
  [
    { name: 'c_total', help: 'C.', type: 'counter', aggregate: 'sum', rows: [{ labels: {}, value }] } as const,
    { name: 'g', help: 'G.', type: 'gauge', aggregate: 'sum', rows: [{ labels: {}, value }] } as const,
  ].map((metric) => runAtOnce(seriesOf(metric)))

t.test('counts of a worker that has ended stay, its gauges go', async (t) => {
  const first = { isGone: false }
  const second = { isGone: false }
  let answers = new Map<object, unknown>([
    [first, rows(5)],
    [second, rows(7)],
  ])
  const metrics = new FleetMetrics({ ask: async () => answers as never }, new Metrics())
  const read = async () => {
    const text = Buffer.concat((await metrics.expose()).content).toString()
    return ['c_total', 'g'].map((name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]))
  }
  t.strictSame(await read(), [12, 12])
  answers = new Map([[second, rows(8)]])
  t.strictSame(await read(), [13, 13], 'one that does not answer in time counts as it was')
  first.isGone = true
  const successor = { isGone: false }
  answers = new Map([
    [second, rows(8)],
    [successor, rows(1)],
  ])
  t.strictSame(await read(), [14, 9])
  t.strictSame(await read(), [14, 9], 'and is not counted again')
})

t.test('metrics of the processes themselves say which process it is', async (t) => {
  const ofProcess = (name: string, value: number) =>
    runAtOnce(
      seriesOf({
        name,
        help: 'P.',
        type: 'gauge',
        aggregate: 'max',
        perProcess: true,
        rows: [
          { labels: {}, value },
          { labels: { space: 'new' }, value },
        ],
      }),
    )
  const answers = new Map([
    [{ isGone: false, number: 1 }, [ofProcess('heap_bytes', 5)]],
    [{ isGone: false, number: 2 }, [ofProcess('heap_bytes', 7)]],
  ])
  const fleet = new FleetMetrics({ ask: async () => answers as never }, new Metrics({ process: true }))
  const text = Buffer.concat((await fleet.expose()).content).toString()
  t.match(text, 'heap_bytes{worker="1"} 5\nheap_bytes{worker="1",space="new"} 5\nheap_bytes{worker="2"} 7\n')
  t.match(text, /^process_resident_memory_bytes\{worker="primary"\} \d+$/m)
})
