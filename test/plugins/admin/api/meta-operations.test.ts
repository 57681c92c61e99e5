import t, { type Test } from 'tap'
import { type GatewayStatus, GatewayStatusKey } from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'

const status = (rest: Partial<GatewayStatus> = {}): GatewayStatus => ({
  version: '1.2.3',
  live: async () => true,
  ready: async () => true,
  checks: async () => ({ listeners: true, configuration: true }),
  metrics: async (accept) => ({
    type: 'text/plain; version=0.0.4',
    content: [Buffer.from('up '), Buffer.from(`1\n# ${accept}\n`)],
  }),
  ...rest,
})

const start = async (t: Test, what: GatewayStatus) =>
  (await startAdmin(t, 'endpoints: []', { services: [[GatewayStatusKey, what]] })).admin

t.test('/livez', async (t) => {
  const admin = await start(t, status({ ready: async () => false }))
  const text = { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': '3' } }
  t.match(await admin.ask('GET /livez?cache=buster&cache=2'), { ...text, body: 'ok\n' })
  t.match(await admin.ask('HEAD /livez', { headers: { Accept: 'image/png' } }), { ...text, body: '' })
})

t.test('/livez asks for a restart when nothing serves requests', async (t) => {
  const admin = await start(t, status({ live: async () => false }))
  t.match(await admin.ask('GET /livez'), { status: 503, body: 'no worker answers\n' })
})

t.test('/readyz', async (t) => {
  const admin = await start(t, status())
  t.match(await admin.ask('GET /readyz'), { status: 200, body: 'ok\n' })
  for (const query of ['verbose', 'verbose=1', 'x=1&verbose'])
    t.match(await admin.ask(`GET /readyz?${query}`), {
      status: 200,
      body: '[+]listeners ok\n[+]configuration ok\nreadyz check passed\n',
    })
  const checks = async () => ({ listeners: true, draining: false })
  const draining = await start(t, status({ ready: async () => false, checks }))
  const body = '[+]listeners ok\n[-]draining failed\nreadyz check failed\n'
  t.match(await draining.ask('GET /readyz'), { status: 503, body }, 'a failing one says why unasked')
  t.match(await draining.ask('HEAD /readyz'), { status: 503, headers: { 'content-length': `${body.length}` } })
})

t.test('/metrics', async (t) => {
  const admin = await start(t, status())
  const type = { 'content-type': 'text/plain; version=0.0.4' }
  const answer = await admin.ask('GET /metrics', { headers: { Accept: 'application/openmetrics-text' } })
  t.match(answer, { status: 200, headers: type, body: 'up 1\n# application/openmetrics-text\n' })
  t.match(await admin.ask('HEAD /metrics'), { status: 200, headers: type, body: '' })
})

t.test('/ lists what exists', async (t) => {
  const admin = await start(t, status())
  const { body } = await admin.ask('GET /')
  t.match(body, /^weir 1\.2\.3\n/)
  for (const line of ['GET    /livez', 'POST   /config/reload', 'PATCH  /registry/endpoints/{id} '])
    t.ok(body.includes(`\n${line}`), line)
})

t.test('what does not exist, and methods that do not', async (t) => {
  const admin = await start(t, status())
  for (const path of [
    '/nope',
    '/livez/',
    '/LIVEZ',
    '//',
    '/constructor',
    '/__proto__',
    '/docs/nope.js',
    '/docs/..%2fstart.js',
  ])
    t.match((await admin.ask(`GET ${path}`)).json(), { status: 404, code: 'admin_not_found' }, path)
  for (const method of ['POST', 'DELETE', 'OPTIONS', 'PROPFIND'])
    t.match(await admin.ask(`${method} /metrics`), { status: 405, headers: { allow: 'GET, HEAD' } }, method)
})

t.test('a page of another site cannot make a browser change anything', async (t) => {
  const admin = await start(t, status())
  const from = (site: string) => admin.ask('POST /config/reload', { headers: { 'Sec-Fetch-Site': site } })
  t.match((await from('cross-site')).json(), { status: 403, code: 'cross_site' })
  t.match(await from('same-site'), { status: 403 })
  t.match(await from('same-origin'), { status: 200 })
  t.match(await from('none'), { status: 200 })
})
