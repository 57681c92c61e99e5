import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'

t.test('open connections of both sides, and requests in flight, are gauges', async (t) => {
  const waiting: ServerResponse[] = []
  const upstream = createServer((request, response) => {
    if (request.url === '/wait') waiting.push(response)
    else response.end('ok')
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const yaml = (endpoint: string) => `
filters: [route-match, proxy]
admin: {}
endpoints: [{ name: ${endpoint}, url: "http://127.0.0.1:${port}" }]
`
  const gateway = await startGateway(yaml('a'))
  t.teardown(async () => {
    await gateway.close()
    upstream.close()
  })
  const origin = `http://127.0.0.1:${port}`
  const at = (name: string, labels: Record<string, string>) => gateway.metric(name, labels)
  t.equal(await at('http_client_open_connections', { origin }), 0)
  const held = gateway.inject({ path: '/orchestrator/a/wait' })
  while (waiting.length === 0) await once(upstream, 'request')
  t.equal(await at('http_client_open_connections', { origin, state: 'active' }), 1)
  t.equal(await at('http_client_open_connections', { origin, state: 'idle' }), 0)
  t.equal(await at('http_server_active_requests', { listener: 'proxy' }), 1)
  t.ok((await at('weir_downstream_connections', { listener: 'proxy' }))! >= 1)
  t.equal(await at('weir_upstream_requests_queued', { origin }), 0)
  waiting[0]!.end('late')
  await held
  await gateway.logged(1)
  t.equal(await at('http_server_active_requests', { listener: 'proxy' }), 0)
  t.equal(await at('http_client_open_connections', { origin, state: 'idle' }), 1)

  await gateway.reload(yaml('b'))
  t.equal(await at('http_client_open_connections', { origin, state: 'idle' }), 1, 'the pool outlives a reload')
  t.equal(await at('weir_config_info', {}), 1)
  const before = await gateway.metrics()
  t.equal(before.match(/^weir_config_info/gm)?.length, 1)
})
