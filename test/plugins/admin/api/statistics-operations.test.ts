import t from 'tap'
import { type Statistics, type StatisticsFigures, StatisticsKey } from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'

const figures: StatisticsFigures = {
  requests: 3,
  client_errors: 1,
  server_errors: 0,
  aborted: 0,
  local_replies: 1,
  retries: 0,
  breaker_opens: 0,
  bytes_received: 10,
  bytes_sent: 20,
  latency_ms: { mean: 1.5, p50: 1, p95: 2, p99: 2.5 },
}
const asked: unknown[] = []
const statistics = (known = true): Statistics => ({
  summary: async (scope, seconds) => {
    asked.push(['summary', scope, seconds])
    return known && [undefined, 'v1/a'].includes(scope.endpoint) ? figures : undefined
  },
  summaries: async () => ({ 'v1/a': figures, b: { ...figures, latency_ms: null } }),
  history: async (scope, range) => {
    asked.push(['history', scope, range])
    return known ? { step: 10, points: [{ at: '2026-01-01T00:00:00.000Z', ...figures }] } : undefined
  },
})

t.beforeEach(() => void asked.splice(0))

t.test('figures of now', async (t) => {
  const { admin } = await startAdmin(t, undefined, { services: [[StatisticsKey, statistics()]] })
  t.match((await admin.ask('GET /stats/system?seconds=30')).json(), { seconds: 30, figures: { requests: 3 } })
  t.match((await admin.ask('GET /stats/endpoints?limit=1')).json(), {
    total: 2,
    items: [{ endpoint: 'v1/a', requests: 3 }],
  })
  t.match((await admin.ask('GET /stats/endpoints/v1/a?target=http%3A%2F%2Fx')).json(), { requests: 3 })
  t.match(asked, [
    ['summary', {}, 30],
    ['summary', { endpoint: 'v1/a', target: 'http://x' }, 60],
  ])
  t.match((await admin.ask('GET /stats/endpoints/nope')).json(), { status: 404, code: 'endpoint_not_found' })
  for (const bad of ['seconds=0', 'seconds=1e9', 'seconds=x', 'second=1'])
    t.equal((await admin.ask(`GET /stats/system?${bad}`)).status, 400, bad)
})

t.test('figures over time', async (t) => {
  const { admin } = await startAdmin(t, undefined, { services: [[StatisticsKey, statistics()]] })
  t.match((await admin.ask('GET /stats/history?endpoint=v1/a&range=1h&step=1m')).json(), {
    step: 10,
    points: [{ requests: 3 }],
  })
  const [, scope, range] = asked[0] as [string, object, { from: number; step: number }]
  t.match(scope, { endpoint: 'v1/a' })
  t.equal(range.step, 60)
  t.ok(Math.abs(Date.now() - 3_600_000 - range.from) < 60_000)
  await admin.ask('GET /stats/history?from=2026-01-01T00:00:00Z&to=1767225660000')
  t.match(asked[1], ['history', {}, { from: 1767225600000, to: 1767225660000, step: undefined }])
  for (const bad of [
    'range=1h&from=0',
    'target=http://x',
    'from=yesterday',
    'from=2026-13-01T00:00:00Z',
    'step=x',
    'range=-1',
  ])
    t.equal((await admin.ask(`GET /stats/history?${bad}`)).status, 400, bad)
})

t.test('statistics that are off', async (t) => {
  const { admin } = await startAdmin(t, undefined, { services: [[StatisticsKey, statistics(false)]] })
  for (const path of ['/stats/system', '/stats/history'])
    t.match((await admin.ask(`GET ${path}`)).json(), { status: 501, code: 'not_available' }, path)
})
