import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import t from 'tap'
import { runAtOnce } from '../../../core/base/time-slice.ts'
import { exposed, writeExposition } from '../../../core/observe/exposition.ts'
import type { MetricRows } from '../../../core/observe/metric-rows.ts'
import { seriesOf } from '../../../core/observe/metric-series.ts'

t.test("the page is prom-client's, byte for byte", async (t) => {
  const registry = new Registry()
  const registers = [registry]
  const counter = new Counter({ name: 'a_total', help: 'A \\ and\na line.', labelNames: ['path', 'n'], registers })
  counter.inc({ path: 'a"b\\c\nd', n: 7 }, 3)
  counter.inc({ path: 'é' })
  const gauge = new Gauge({ name: 'b', help: 'B.', registers })
  for (const value of [-0.25, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    gauge.set(value)
    t.equal(await pageOf(registry), await registry.metrics())
  }
  const histogram = new Histogram({ name: 'c_seconds', help: 'C.', labelNames: ['x'], buckets: [0.1, 2], registers })
  for (const value of [0.05, 0.1, 1, 3]) histogram.observe({ x: 'y' }, value)
  const page = await registry.metrics()
  t.equal(await pageOf(registry), page)
  const own = { labels: { x: 'y' }, bounds: [0.1, 2], buckets: [2, 1, 1], sum: 0.05 + 0.1 + 1 + 3, count: 4 }
  const rows: MetricRows = { name: 'c_seconds', help: 'C.', type: 'histogram', aggregate: 'sum', rows: [own] }
  const lines = (text: string): string[] =>
    text.split('\n').map((line) => line.replace(/\{le="(.*?)",(.*?)\}/, '{$2,le="$1"}'))
  t.same(
    lines(Buffer.concat(runAtOnce(writeExposition([runAtOnce(seriesOf(rows))]))).toString()),
    lines(page.slice(page.indexOf('# HELP c_seconds'))),
  )
})

t.test('OpenMetrics for those that ask for it: counters without their suffix, exemplars, an end', async (t) => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  const exemplar = { traceId: 'a'.repeat(32), value: 1.5, at }
  const rows: MetricRows[] = [
    { name: 'a_total', help: 'Says "a".', type: 'counter', aggregate: 'sum', rows: [{ labels: { x: 'y' }, value: 3 }] },
    { name: 'b', help: 'B.', type: 'counter', aggregate: 'sum', rows: [{ labels: {}, value: 1 }] },
    {
      name: 'c_seconds',
      help: 'C.',
      type: 'histogram',
      aggregate: 'sum',
      rows: [
        {
          labels: {},
          bounds: [1, 2],
          buckets: [1, 2, 0],
          sum: 4,
          count: 3,
          exemplars: [undefined, exemplar, undefined],
        },
      ],
    },
  ]
  const series = rows.map((metric) => runAtOnce(seriesOf(metric)))
  const { type, content } = await exposed(series, 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3')
  t.equal(type, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.equal(
    Buffer.concat(content).toString(),
    `# TYPE a counter
# HELP a Says \\"a\\".
a_total{x="y"} 3
# TYPE b unknown
# HELP b B.
b 1
# TYPE c_seconds histogram
# HELP c_seconds C.
c_seconds_bucket{le="1"} 1
c_seconds_bucket{le="2"} 3 # {trace_id="${'a'.repeat(32)}"} 1.5 ${(at / 1000).toFixed(3)}
c_seconds_bucket{le="+Inf"} 3
c_seconds_sum 4
c_seconds_count 3
# EOF
`,
  )
  for (const accept of [
    undefined,
    '',
    'text/plain',
    '*/*',
    'application/openmetrics-text;q=0, text/plain',
    // Prometheus with `scrape_protocols: [PrometheusText0.0.4, OpenMetricsText1.0.0]`.
    'text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.4',
  ]) {
    const plain = await exposed(series, accept)
    t.match(plain.type, /^text\/plain/, String(accept))
    t.notMatch(Buffer.concat(plain.content).toString(), /trace_id|EOF/)
  }
})

t.test('a long page lets the event loop run', (t) => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ labels: { i }, value: i }))
  const work = writeExposition([runAtOnce(seriesOf({ name: 'd', help: 'D.', type: 'gauge', aggregate: 'sum', rows }))])
  let pauses = 0
  while (!work.next().done) pauses++
  t.ok(pauses >= 2)
  t.end()
})

async function pageOf(registry: Registry): Promise<string> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as { values: MetricRows['rows'] }[]
  return Buffer.concat(
    runAtOnce(
      writeExposition(
        metrics.map((metric) => runAtOnce(seriesOf({ ...metric, rows: metric.values } as unknown as MetricRows))),
      ),
    ),
  ).toString()
}
