import t from 'tap'
import * as z from 'zod'
import { AUTHENTICATION, defineFilter, defineSlot, GatewayStatusKey, RouteSlot, reply } from '../../../../core/index.ts'
import { run } from '../../../../core/testing.ts'

const TenantSlot = defineSlot<string>('test.tenant')

/** Needs a tenant, hands it on, and says so on the response. */
const tenant = defineFilter({
  name: 'tenant',
  apiVersion: 1,
  options: z.strictObject({ header: z.string().default('X-Tenant') }),
  writes: [TenantSlot],
  create: ({ header }, env) => ({
    request(x) {
      const name = x.request.headers.get(header)
      if (name === undefined) return reply(400, 'tenant_missing', { detail: `The field ${header} is missing.` })
      x.set(TenantSlot, name)
      x.request.headers.delete(header)
      x.request.headers.set('X-For', name)
      x.trace?.attribute('tenant', name)
      env.log.info({ tenant: name }, 'a tenant came')
    },
    response(x) {
      x.response.headers.set('X-Served', x.get(TenantSlot) ?? 'nobody')
    },
  }),
})

t.test('a plain request reaches an upstream that returns 200', async (t) => {
  const { response, upstreamRequests, outcome, faults } = await run(
    defineFilter({ name: 'idle', apiVersion: 1, create: () => ({}) }),
  )
  t.match(response, { status: 200, body: '', reason: undefined, filter: undefined })
  t.match(upstreamRequests, [{ attempt: 1, target: 'http://upstream.test', method: 'GET', path: '/', query: '' }])
  t.equal(upstreamRequests[0]!.headers.get('host'), 'gateway.test')
  t.equal(outcome, 'completed')
  t.same(faults, [])
})

t.test('everything that a filter did can be seen', async (t) => {
  const result = await run(tenant, {
    request: { method: 'POST', path: '/orders?open=1', headers: { 'X-Tenant': 'acme', Accept: '*/*' }, body: 'one' },
    upstream: { status: 201, headers: { Server: 'u' }, body: 'made', trailers: { 'X-Sum': '3' } },
  })
  t.match(result.response, { status: 201, body: 'made' })
  t.equal(result.response.headers.get('x-served'), 'acme')
  t.same([...result.response.trailers!], [['X-Sum', '3']])
  t.match(result.upstreamRequests, [{ method: 'POST', path: '/orders', query: '?open=1', body: 'one' }])
  t.same(result.headerChanges.request, {
    added: { 'x-for': 'acme' },
    changed: {},
    removed: { 'x-tenant': 'acme' },
  })
  t.same(result.headerChanges.response, { added: { 'x-served': 'acme' }, changed: {}, removed: {} })
  t.same(result.verdicts, [
    { filter: 'tenant', hook: 'request', verdict: 'continue', reason: undefined, async: false },
    { filter: 'tenant', hook: 'response', verdict: 'continue', reason: undefined, async: false },
  ])
  t.equal(result.slot(TenantSlot), 'acme')
  t.match(result.logs, [{ level: 'info', fields: { filter: 'tenant', tenant: 'acme' }, message: 'a tenant came' }])
  t.match(result.spans, [
    { name: 'request', attributes: { tenant: 'acme' } },
    { name: 'filter tenant', verdict: 'continue' },
    { name: 'attempt 1', verdict: 'success' },
  ])
  t.match(result.attempts, [{ number: 1, result: 'success', status: 201, error: undefined }])
})

t.test('a local reply', async (t) => {
  const { response, verdicts, upstreamRequests, headerChanges } = await run(tenant, { options: { header: 'X-Who' } })
  t.match(response, { status: 400, reason: 'tenant_missing', filter: 'tenant' })
  t.match(response.json(), { code: 'tenant_missing', detail: 'The field X-Who is missing.' })
  t.match(verdicts, [{ hook: 'request', verdict: 'reply', reason: 'tenant_missing' }, { hook: 'response' }])
  t.same(upstreamRequests, [])
  t.match(headerChanges.response.added, { 'content-type': 'application/problem+json' })
})

t.test('what earlier filters leave: identity and slots', async (t) => {
  const seen: unknown[] = []
  const guard = defineFilter({
    name: 'guard',
    apiVersion: 1,
    reads: [TenantSlot, RouteSlot],
    create: () => ({
      routed(x) {
        seen.push(x.get(TenantSlot), x.identity, x.endpoint?.id)
      },
    }),
  })
  const endpoint = { name: 'orders', version: 'v1', requires: [AUTHENTICATION] }
  const identity = { subject: 'ann', roles: ['admin'] }
  const { response } = await run(guard, { endpoint, identity, slots: [[TenantSlot, 'acme']] })
  t.equal(response.status, 200)
  t.match(seen, ['acme', { subject: 'ann', scheme: 'test', roles: ['admin'], scopes: [], claims: {} }, 'v1/orders'])
  const { response: refused } = await run(guard, { endpoint })
  t.match(refused, { status: 500, reason: 'requirement_unmet', filter: 'engine' })
})

t.test('a chain runs in its order, names and options included', async (t) => {
  const mark = defineFilter({
    name: 'mark',
    apiVersion: 1,
    options: z.strictObject({ text: z.string().default('plain') }),
    create: ({ text }, env) => ({
      request: (x) => x.request.headers.add('X-Mark', `${env.name} ${text}`),
    }),
  })
  const result = await run(
    [mark, { filter: mark, name: 'second', options: { text: 'own' } }, [tenant, { header: 'X-T' }]],
    {
      request: { headers: { 'X-T': 'acme' } },
      endpoint: { filters: { second: { text: 'of the endpoint' } } },
    },
  )
  t.same(result.upstreamRequests[0]!.headers.all('x-mark'), ['mark plain', 'second of the endpoint'])
  t.same(
    result.verdicts.map(({ filter, hook }) => `${filter}.${hook}`),
    ['mark.request', 'second.request', 'tenant.request', 'tenant.response'],
  )
})

t.test('a filter that writes the route gets no route, one that is terminal no upstream', async (t) => {
  const router = defineFilter({
    name: 'router',
    apiVersion: 1,
    writes: [RouteSlot],
    create: () => ({
      request: (x) => {
        if (x.route !== undefined) throw new Error('there is a route')
        return reply(404, 'nowhere')
      },
    }),
  })
  t.match((await run(router)).response, { status: 404, reason: 'nowhere' })
  const teapot = defineFilter({
    name: 'teapot',
    apiVersion: 1,
    terminal: true,
    create: () => ({ call: () => reply(418, 'short') }),
  })
  t.match((await run([tenant, teapot], { request: { headers: { 'X-Tenant': 'a' } } })).response, { status: 418 })
})

t.test('the route may come after the filters, or never', async (t) => {
  const seen: string[] = []
  const look = defineFilter({
    name: 'look',
    apiVersion: 1,
    create: () => ({
      request: (x) => void seen.push(`request ${x.endpoint?.id}`),
      routed: (x) => void seen.push(`routed ${x.endpoint?.id}`),
    }),
  })
  for (const route of ['before', 'after', 'never'] as const) {
    seen.push(route)
    t.equal((await run(look, { route })).response.status, 200)
  }
  t.same(seen, [
    'before',
    'request api',
    'routed api',
    'after',
    'request undefined',
    'routed api',
    'never',
    'request undefined',
  ])
})

t.test('services, files and the untraced', async (t) => {
  const status = defineFilter({
    name: 'status',
    apiVersion: 1,
    needs: [GatewayStatusKey],
    create: (_options, env) => {
      const { version } = env.service(GatewayStatusKey)
      const manifest = JSON.parse(env.readFile('package.json').toString()) as { name: string }
      return {
        request: (x) => x.request.headers.set('X-Version', `${manifest.name} ${version} ${x.trace === undefined}`),
      }
    },
  })
  const services = [[GatewayStatusKey, { version: '9' }]] as const
  const { upstreamRequests, spans } = await run(status, { services, baseDir: '.', traced: false })
  t.equal(upstreamRequests[0]!.headers.get('x-version'), 'weir 9 true')
  t.same(spans, [])
  await t.rejects(run(status), /no service "status"; give it with services/)
})

t.test('a filter that fails: the client has a 500, the test has the error', async (t) => {
  const boom = new Error('boom')
  const bad = defineFilter({
    name: 'bad',
    apiVersion: 1,
    create: () => ({
      request() {
        throw boom
      },
      dispose() {
        throw boom
      },
    }),
  })
  const { response, faults, verdicts, metric } = await run(bad)
  t.match(response, { status: 500, reason: 'filter_error', filter: 'bad' })
  t.match(verdicts, [{ verdict: 'error', reason: 'Error: boom' }])
  t.match(faults, [
    { filter: 'bad', hook: 'request', error: boom },
    { filter: 'bad', hook: 'dispose', error: boom },
  ])
  t.equal(metric('weir_filter_errors_total', { filter: 'bad' }), 1)
  t.equal(metric('weir_filter_errors_total', { filter: 'good' }), undefined)
})

t.test('what the test says wrong is refused in words', async (t) => {
  const cases: [setup: unknown, message: RegExp][] = [
    [{ path: '/' }, /a run has no key "path"/],
    [{ request: { heders: {} } }, /a request has no key "heders". Did you mean "headers"\?/],
    [
      { options: { headr: 'X' } },
      /tenant\.headr: unknown option "headr" of the filter "tenant". Did you mean "header"\?/,
    ],
    [{ options: { header: 5 } }, /tenant\.header: expected a text in quotes .*, found 5/],
    [{ endpoint: { url: 'http://a', filters: { tenat: 'off' } } }, /options for "tenat".*Did you mean "tenant"\?/],
    [{ endpoint: { path: '/x' } }, /an endpoint has no key "path"/],
  ]
  for (const [setup, message] of cases) await t.rejects(run(tenant, setup as never), message)
  await t.rejects(run([tenant], { options: {} }), /write them beside theirs/)
  await t.rejects(run([tenant, { header: 'X' } as never]), /this is no filter: its filter's name must be kebab case/)
  await t.rejects(run({ name: 'tenant' } as never), /this is no filter: .*apiVersion/)
  await t.rejects(run([tenant, tenant]), /the name "tenant" stands twice/)
})
