import t from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import type { Finished } from '../../../core/api/filter.ts'
import type { HistogramSample, Metric } from '../../../core/api/meter.ts'
import { attempt, endpoint, exchange, FilterBench, outcome, withResponse } from '../../../core/testing.ts'
import { metrics } from '../../../filters/metrics/filter.ts'

const orders = endpoint('v1/orders')

function routed(method = 'GET') {
  const x = exchange({ method })
  x.set(RouteSlot, { endpoint: orders, path: '', template: '/v1/orders' })
  return x
}

const finished = (rest: Partial<Finished>): Finished => ({
  exchange: undefined,
  outcome: 'completed',
  status: 200,
  error: undefined,
  durationMs: 20,
  ...rest,
})

const lines = async (bench: FilterBench, start: string): Promise<string[]> =>
  bench.meter
    .text()
    .split('\n')
    .filter((line) => line.startsWith(start))

t.test('what Prometheus sees', async (t) => {
  const bench = new FilterBench()
  const { filter } = await bench.make(metrics)
  const local = routed('POST')
  withResponse(local, 401).response.local = { filter: 'auth', reason: 'token_missing' }
  filter.log!(finished({ exchange: routed() }))
  filter.log!(finished({ exchange: local, status: 401 }))
  filter.log!(finished({ exchange: exchange({ method: 'BREW' }), status: 0, outcome: 'aborted' }))
  filter.log!(finished({ outcome: 'unparsed', status: 400 }))
  t.same(await lines(bench, 'http_server_request_duration_seconds_count'), [
    'http_server_request_duration_seconds_count{endpoint="v1/orders",method="GET",status="200"} 1',
    'http_server_request_duration_seconds_count{endpoint="v1/orders",method="POST",status="401"} 1',
    'http_server_request_duration_seconds_count{endpoint="_none",method="_OTHER",status="aborted"} 1',
    'http_server_request_duration_seconds_count{endpoint="_none",method="_OTHER",status="400"} 1',
  ])
  t.same(await lines(bench, 'http_server_request_duration_seconds_bucket{endpoint="v1/orders",method="GET"'), [
    ...[0.005, 0.01].map(
      (le) =>
        `http_server_request_duration_seconds_bucket{endpoint="v1/orders",method="GET",status="200",le="${le}"} 0`,
    ),
    ...[0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, '+Inf'].map(
      (le) =>
        `http_server_request_duration_seconds_bucket{endpoint="v1/orders",method="GET",status="200",le="${le}"} 1`,
    ),
  ])
  t.same(await lines(bench, 'weir_local'), ['weir_local_replies_total{filter="auth",reason="token_missing"} 1'])
  t.same(await lines(bench, '# TYPE'), [
    '# TYPE http_server_request_duration_seconds histogram',
    '# TYPE http_client_request_duration_seconds histogram',
    '# TYPE weir_local_replies_total counter',
  ])
})

t.test('attempts', async (t) => {
  const bench = new FilterBench()
  const { filter } = await bench.make(metrics)
  const x = routed()
  filter.settled!(x, attempt(0), outcome('success', 200))
  filter.settled!(x, attempt(0), { ...outcome('failure'), error: new WeirError('upstream_reset') })
  filter.settled!(x, attempt(0), outcome('failure'))
  filter.settled!(x, attempt(0), outcome('ignored'))
  filter.settled!(x, attempt(0), outcome('success', 99_999))
  const statuses = (await lines(bench, 'http_client_request_duration_seconds_count')).map((line) =>
    line.replace(/.*status=/, ''),
  )
  t.same(
    statuses,
    ['"200"} 1', '"upstream_reset"} 1', '"failure"} 1', '"_OTHER"} 1'],
    'what was never made is not counted',
  )
})

t.test('counts outlive reloads and are shared by every instance', async (t) => {
  const bench = new FilterBench()
  const first = await bench.make(metrics)
  first.filter.log!(finished({ exchange: routed() }))
  const second = await bench.make(metrics, {}, { name: 'metrics-2' })
  await first.dispose()
  second.filter.log!(finished({ exchange: routed() }))
  t.match(await lines(bench, 'http_server_request_duration_seconds_count'), [/ 2$/])
  await second.dispose()
  t.same(await lines(bench, 'http_'), [], 'and go with the last')
})

t.test('only a trace that is sure to be recorded becomes an exemplar', async (t) => {
  const bench = new FilterBench([])
  const made: Metric[] = []
  const register = bench.meter.register.bind(bench.meter)
  bench.meter.register = (metric) => {
    made.push(metric)
    return register(metric)
  }
  const { filter } = await bench.make(metrics)
  for (const [traceId, sampled] of [
    ['a'.repeat(32), true],
    ['b'.repeat(32), false],
  ] as const) {
    const x = exchange()
    x.trace = { traceId, sampled, attribute() {}, event() {} }
    filter.log!({ exchange: x, status: 200, outcome: 'completed', durationMs: sampled ? 1 : 2000 } as never)
  }
  const rows = made.find(({ name }) => name === 'http_server_request_duration_seconds')!.collect() as HistogramSample[]
  t.strictSame(
    rows.flatMap(({ exemplars = [] }) => exemplars.flatMap((one) => one?.traceId ?? [])),
    ['a'.repeat(32)],
  )
})
