import t from 'tap'
import { type GatewayStatus, GatewayStatusKey } from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'
import { startUpstream } from '../../../support/upstream.ts'

t.test('the state of endpoints, targets and breakers', async (t) => {
  let healthy = true
  const upstream = await startUpstream((_request, response) => {
    response.statusCode = healthy ? 200 : 500
    response.end()
  })
  t.teardown(() => upstream.close())
  const yaml = `filters: [route-match, breaker, proxy]
health_check: { path: /health, interval: 1h, unhealthy_threshold: 1, healthy_threshold: 1 }
endpoints:
  - { name: a, version: v1, url: "${upstream.url}" }
  - { name: b, url: "http://127.0.0.1:1", health_check: off }
  - { name: c, url: "http://127.0.0.1:1", disabled: true, health_check: off }
`
  const { admin } = await startAdmin(t, yaml)
  t.match((await admin.ask('POST /health/check/v1/a')).json(), {
    results: [{ endpoint: 'v1/a', target: upstream.url, passed: true, health: 'healthy' }],
  })
  t.match((await admin.ask('POST /health/check/b')).json(), { results: [] })
  t.equal((await admin.ask('POST /health/check/nope')).status, 404)
  t.match((await admin.ask('GET /health')).json(), { status: 'healthy', checks: { listeners: true } })
  t.strictSame((await admin.ask('GET /health/unhealthy')).json().items, [])
  healthy = false
  await admin.ask('POST /health/check/v1/a')
  t.match((await admin.ask('GET /health')).json(), { status: 'degraded', summary: { endpoints: { unhealthy: 1 } } })
  t.match((await admin.ask('GET /health/unhealthy')).json(), { total: 1, items: [{ id: 'v1/a', status: 'unhealthy' }] })
  t.match((await admin.ask('GET /health/summary')).json(), {
    endpoints: { total: 3, active: 1, inactive: 0, disabled: 1, unhealthy: 1 },
    targets: { total: 3, unhealthy: 1, unknown: 2, ejected: 0 },
  })
  t.match((await admin.ask('GET /health/endpoints?limit=1')).json(), { total: 3, items: [{ id: 'v1/a' }] })
  t.match((await admin.ask('GET /health/endpoints/v1/a')).json(), { targets: [{ health: 'unhealthy' }] })
  t.equal((await admin.ask('GET /health/endpoints/v2/a')).status, 404)
  t.match((await admin.ask('GET /health/status')).json(), { live: true, ready: true })
})

t.test('/health is 503 where the process takes no traffic', async (t) => {
  const status: GatewayStatus = {
    version: '1',
    live: async () => true,
    ready: async () => false,
    checks: async () => ({ tenants: false }),
    metrics: async () => ({ type: '', content: [] }),
  }
  const { admin } = await startAdmin(t, undefined, { services: [[GatewayStatusKey, status]] })
  const answer = await admin.ask('GET /health')
  t.match(answer, { status: 503, headers: { 'retry-after': '1' } })
  t.match(answer.json(), { status: 'unhealthy', checks: { tenants: false } })
  t.match((await admin.ask('GET /health/status')).json(), { ready: false, checks: { tenants: false } })
})
