import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { startAdmin } from '../../support/admin-client.ts'
import { send } from '../../support/client.ts'

t.test('probes_only serves the probes and nothing else, under any host', async (t) => {
  const gateway = await startGateway('admin: { filters: [admin: { probes_only: true }] }\nendpoints: []')
  t.teardown(() => gateway.close())
  const ask = (path: string, method = 'GET') =>
    send(`${gateway.adminUrl}${path}`, { method, headers: { Host: 'lb.test' } })
  t.match(await ask('/livez'), { status: 200, body: 'ok\n' })
  t.match(await ask('/readyz', 'HEAD'), { status: 200 })
  t.match(await ask('/readyz', 'POST'), { status: 405 })
  for (const path of ['/', '/metrics', '/config/status', '/config/reload', '/registry/endpoints', '/openapi.json'])
    t.match((await ask(path)).json(), { status: 404, code: 'admin_not_found' }, path)
})

t.test('changes: off', async (t) => {
  const { admin } = await startAdmin(t, 'admin: { changes: off }\nendpoints: [{ name: a, url: "http://127.0.0.1:1" }]')
  for (const what of [
    'POST /registry/endpoints',
    'PUT /registry/endpoints/a',
    'PATCH /registry/endpoints/a',
    'DELETE /registry/endpoints/a',
    'PUT /registry/endpoints/a/status',
  ])
    t.match((await admin.ask(what, { body: { status: 'active' } })).json(), { status: 403, code: 'changes_off' }, what)
  for (const what of ['GET /registry/endpoints/a', 'POST /config/reload', 'POST /circuit-breakers/a/reset'])
    t.match(await admin.ask(what), { status: 200 }, what)
})

t.test('changes: off holds for an admin filter on the proxy listener, too', async (t) => {
  const yaml = `admin: { changes: off }
filters: [route-match, admin: off, proxy]
endpoints: [{ name: a, path: /registry, filters: { admin: on } }]`
  const { gateway } = await startAdmin(t, yaml)
  const answer = await send(`${gateway.url}/registry/endpoints/a`, { method: 'DELETE' })
  t.match(answer.json(), { status: 403, code: 'changes_off' })
})

t.test('a service that the process does not have', async (t) => {
  const { admin } = await startAdmin(t)
  // GatewayEvents stands for all of them: what it lacks depends on what the process has.
  const { paths } = (await admin.ask('GET /openapi.json')).json() as {
    paths: Record<string, Record<string, { responses: object }>>
  }
  t.ok('501' in paths['/events']!.get!.responses)
})
