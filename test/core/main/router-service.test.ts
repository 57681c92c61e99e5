import t from 'tap'
import type { ConnectivityTest, RouteView } from '../../../core/control/router-control.ts'
import { startGateway } from '../../../core/testing.ts'
import { startDns } from '../../support/dns.ts'
import services, { type Call } from '../../support/services-filter.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('an endpoint is tested as its health check and its proxy filter say', async (t) => {
  const seen: string[] = []
  const upstream = await startUpstream((req, res) => {
    seen.push(`${req.method} ${req.url} ${req.headers['x-probe'] ?? ''}`)
    res.writeHead(req.url === '/up' ? 200 : 404).end('body')
  })
  t.teardown(() => upstream.close())
  const dns = await startDns({ 'only.test': { addresses: ['127.0.0.1'] } })
  t.teardown(() => dns.close())
  const gw = await startGateway(
    `filters: [services, route-match, proxy]
endpoints:
  - name: plain
    targets: [{ url: "${upstream.url}/base" }, { url: "http://127.0.0.1:1" }]
  - name: checked
    url: "http://only.test:${upstream.port}"
    health_check: { path: /up, headers: { x-probe: "1" }, interval: 1h }
    filters: { proxy: { dns: { servers: ["${dns.address}"] } } }
`,
    { filters: [services] },
  )
  t.teardown(() => gw.close())
  const call = async <T>(...asked: Call): Promise<T> =>
    JSON.parse((await gw.inject({ method: 'POST', path: '/call', body: JSON.stringify(asked) })).body) as T
  const [first, second] = await call<ConnectivityTest[]>('router', 'test', 'plain')
  t.match(first, { target: `${upstream.url}/base`, passed: true })
  t.match(first?.steps.at(-1), { detail: 'HEAD /base: 404' })
  t.match(second, { passed: false, steps: [{ step: 'dns' }, { step: 'tcp', passed: false }] })
  const [checked] = await call<ConnectivityTest[]>('router', 'test', 'checked')
  t.match(checked?.steps, [{ detail: '127.0.0.1' }, {}, { detail: 'GET /up: 200' }])
  t.ok(seen.includes('HEAD /base ') && seen.includes('GET /up 1'))
  t.match(
    (await call<RouteView[]>('router', 'routes')).map(({ path }) => path),
    ['/orchestrator/checked', '/orchestrator/plain'],
  )
  const asked = { method: 'GET', url: '/orchestrator/plain/x' }
  t.match(await call('router', 'explain', asked), { endpoint: { id: 'plain' }, end: { kind: 'call' } })
  for (const [wrong, error] of [
    [{ ...asked, headers: ['x'] }, /in turn/],
    [{ ...asked, client: 'localhost' }, /IP address/],
    [{ ...asked, url: `/${'x'.repeat(9000)}` }, /longer than 8192/],
    [{ ...asked, headers: ['x', 'y'.repeat(70_000)] }, /more than 65536/],
    [{ ...asked, headers: ['x y', 'z'] }, /expected a header/],
  ] as const)
    t.match(await call('router', 'explain', wrong), { error })
})
