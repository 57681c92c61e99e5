// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import t from 'tap'
import { startAdmin } from '../../../support/admin-client.ts'

const YAML = `filters: [route-match, breaker, proxy]
endpoints:
  - { name: a, version: v1, url: "http://127.0.0.1:1" }
  - { name: b, url: "http://127.0.0.1:1", filters: { proxy: { timeout: 5s } } }
  - { name: status, version: v1, url: "http://127.0.0.1:1" }
  - { name: v1, url: "http://127.0.0.1:1" }
`

t.test('endpoints come, change and go', async (t) => {
  const { admin, gateway } = await startAdmin(t, YAML)
  t.match((await admin.ask('GET /registry/endpoints')).json(), {
    total: 4,
    next: null,
    items: [{ id: 'v1/a' }, { id: 'b' }, {}, {}],
  })
  const made = await admin.ask('POST /registry/endpoints', {
    body: { name: 'c', version: 'v2', url: 'http://127.0.0.1:2' },
  })
  t.match(made, { status: 201, headers: { location: '/registry/endpoints/v2/c' } })
  t.match(made.json(), {
    outcome: 'applied',
    warnings: [],
    endpoint: { id: 'v2/c', entry: { url: 'http://127.0.0.1:2' } },
  })
  t.equal((await admin.ask('GET /config/status')).json().version, made.json().version)
  t.match(
    (await admin.ask('POST /registry/endpoints', { body: { name: 'c', version: 'v2', url: 'http://x' } })).json(),
    {
      status: 409,
      code: 'endpoint_exists',
    },
  )
  const patched = await admin.ask('PATCH /registry/endpoints/v2/c', {
    headers: { 'Content-Type': 'application/merge-patch+json' },
    body: '{"url":"http://127.0.0.1:3"}',
  })
  t.match(patched.json(), { outcome: 'applied', endpoint: { entry: { url: 'http://127.0.0.1:3' } } })
  t.match((await admin.ask('PATCH /registry/endpoints/v2/c', { body: { url: 'http://127.0.0.1:3' } })).json(), {
    outcome: 'unchanged',
  })
  const renamed = await admin.ask('PATCH /registry/endpoints/v2/c', { body: { name: 'd' } })
  t.match(renamed, { status: 200, headers: { location: '/registry/endpoints/v2/d' } })
  t.equal((await admin.ask('GET /registry/endpoints/v2/c')).status, 404)
  const gone = await admin.ask('DELETE /registry/endpoints/v2/d')
  t.match(gone, { status: 204, body: '' })
  t.equal((await admin.ask('DELETE /registry/endpoints/v2/d')).json().code, 'endpoint_not_found')
  t.equal(gateway.logs.filter(({ message }) => message === 'admin change').length, 7)
})

t.test('PUT makes an endpoint what the entry says', async (t) => {
  const { admin } = await startAdmin(t, YAML)
  const put = await admin.ask('PUT /registry/endpoints/b', {
    body: { url: 'http://127.0.0.1:9', filters: { breaker: { failure_threshold: 3 } } },
  })
  t.match(put, { status: 200 })
  t.strictSame((put.json().endpoint as { entry: unknown }).entry, {
    name: 'b',
    url: 'http://127.0.0.1:9',
    filters: { breaker: { failure_threshold: 3 } },
  })
  t.match(await admin.ask('PUT /registry/endpoints/v3/new', { body: { url: 'http://127.0.0.1:9' } }), {
    status: 201,
    headers: { location: '/registry/endpoints/v3/new' },
  })
  const other = await admin.ask('PUT /registry/endpoints/v3/new', { body: { name: 'old', url: 'http://127.0.0.1:9' } })
  t.match(other.json(), { status: 422, errors: [{ pointer: '/name' }] })
  t.match((await admin.ask('PUT /registry/endpoints/b', { body: { version: 'v9', url: 'http://x' } })).json(), {
    errors: [{ pointer: '/version' }],
  })
  const only = { 'If-None-Match': '*' }
  t.equal((await admin.ask('PUT /registry/endpoints/b', { headers: only, body: { url: 'http://x' } })).status, 412)
  t.equal((await admin.ask('PUT /registry/endpoints/b2', { headers: only, body: { url: 'http://x' } })).status, 201)
  t.equal(
    (await admin.ask('PUT /registry/endpoints/b3', { headers: { 'If-Match': '*' }, body: { url: 'http://x' } })).status,
    412,
  )
})

t.test('what is shown may be sent back: secrets and references stay as they are', async (t) => {
  const yaml = `filters: [auth: { secret: "\${SECRET}" }, route-match, proxy]
endpoints:
  - { name: a, url: "http://\${HOST}:1", filters: { auth: { secret: 0123456789abcdef0123456789abcdef } } }
`
  const { admin } = await startAdmin(t, yaml, {
    env: { SECRET: '0123456789abcdef0123456789abcdef', HOST: '127.0.0.1' },
  })
  const { entry } = (await admin.ask('GET /registry/endpoints/a')).json() as { entry: Record<string, unknown> }
  t.match(entry, { url: 'http://${HOST}:1', filters: { auth: { secret: '***' } } })
  t.match((await admin.ask('PUT /registry/endpoints/a', { body: entry })).json(), { outcome: 'unchanged' })
  t.match((await admin.ask('PUT /registry/endpoints/a', { body: { ...entry, timeout: '3s' } })).json(), {
    outcome: 'applied',
    endpoint: { entry: { url: 'http://${HOST}:1', timeout: '3s' } },
  })
})

t.test('a status behind an endpoint is its status; an endpoint of that name is written %73tatus', async (t) => {
  const { admin } = await startAdmin(t, YAML)
  const statusOf = async (path: string): Promise<unknown> =>
    (await admin.ask(`GET /registry/endpoints/${path}`)).json().status
  t.match(await admin.ask('PUT /registry/endpoints/v1/status', { body: { status: 'disabled' } }), { status: 200 })
  t.equal(await statusOf('v1'), 'disabled')
  t.equal(await statusOf('v1/%73tatus'), 'active')
  t.match(await admin.ask('PUT /registry/endpoints/v1/status/status', { body: { status: 'disabled' } }), {
    status: 200,
  })
  t.equal(await statusOf('v1/%73tatus'), 'disabled')
  t.match((await admin.ask('PUT /registry/endpoints/v1/status/status', { body: { status: 'active' } })).json(), {
    endpoint: { id: 'v1/status', status: 'active' },
  })
  t.match(await admin.ask('GET /registry/endpoints/v1/status'), { status: 405, headers: { allow: 'PUT' } })
  t.match((await admin.ask('PUT /registry/endpoints/b/status', { body: { status: 'inactive' } })).json(), {
    code: 'body_invalid',
    errors: [{ pointer: '/status' }],
  })
  t.equal((await admin.ask('PUT /registry/endpoints/nope/status', { body: { status: 'active' } })).status, 404)
})

t.test('a change that would not load', async (t) => {
  const { admin } = await startAdmin(t, YAML)
  const { version } = (await admin.ask('GET /config/status')).json()
  const bad = await admin.ask('PATCH /registry/endpoints/b', {
    body: { url: 'ftp://x', filters: { proxy: { timeot: 1 } } },
  })
  t.match(bad.json(), { status: 422, code: 'change_invalid', version })
  t.match(bad.json().errors, [
    { pointer: '/url', path: 'endpoints[1].url', file: 'weir.yaml' },
    { pointer: '/filters/proxy/timeot', line: 5 },
  ])
  const added = await admin.ask('POST /registry/endpoints', { body: { name: 'x', url: 7 } })
  t.match(added.json(), { status: 422, errors: [{ pointer: '/url' }] })
  const deep = await admin.ask('PATCH /registry/endpoints/b', {
    body: { filters: JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`) },
  })
  t.match(deep.json(), { status: 422, errors: [{ pointer: /^\/filters/ }] })
  t.equal((await admin.ask('GET /config/status')).json().version, version)
})

t.test('two changes at once: one wins', async (t) => {
  const { admin } = await startAdmin(t, YAML)
  const { headers } = await admin.ask('GET /registry/endpoints/b')
  const both = await Promise.all(
    ['GET', 'PUT'].map((method) =>
      admin.ask('PATCH /registry/endpoints/b', { headers: { 'If-Match': headers.etag! }, body: { methods: [method] } }),
    ),
  )
  t.strictSame(both.map(({ status }) => status).sort(), [200, 412])
  const late = await admin.ask('DELETE /registry/endpoints/b', { headers: { 'If-Match': `W/"x", ${headers.etag}` } })
  t.match(late.json(), { status: 412, code: 'precondition_failed' })
  const { version } = (await admin.ask('GET /config/status')).json()
  t.equal(
    (await admin.ask('DELETE /registry/endpoints/b', { headers: { 'If-Match': `W/"${version}"` } })).status,
    412,
    'weak',
  )
  t.equal((await admin.ask('DELETE /registry/endpoints/b', { headers: { 'If-Match': version as string } })).status, 400)
  t.equal((await admin.ask('DELETE /registry/endpoints/b', { headers: { 'If-None-Match': '"x"' } })).status, 400)
  t.equal(
    (await admin.ask('DELETE /registry/endpoints/b', { headers: { 'If-Match': `"x", "${version}"` } })).status,
    204,
  )
  const puts = await Promise.all(
    [1, 2, 3].map((n) => admin.ask('PUT /registry/endpoints/v1', { body: { url: `http://127.0.0.1:${n}` } })),
  )
  t.strictSame(
    puts.map(({ status }) => status),
    [200, 200, 200],
    'without a condition each comes on top of the others',
  )
})

t.test('pages', async (t) => {
  const { admin } = await startAdmin(t, YAML)
  const seen: unknown[] = []
  let query = '?limit=3'
  for (;;) {
    const { headers, json } = await admin.ask(`GET /registry/endpoints${query}`)
    const { items, next, total } = json() as { items: { id: string }[]; next: string | null; total: number }
    t.equal(total, 4)
    seen.push(...items.map(({ id }) => id))
    if (next === null) {
      t.equal(headers.link, undefined)
      break
    }
    query = /^<(\?[^>]*)>; rel="next"$/.exec(headers.link as string)![1]!
  }
  t.strictSame(seen, ['v1/a', 'b', 'v1/status', 'v1'])
  for (const bad of [
    'limit=0',
    'limit=1001',
    'limit=',
    'limit=a',
    'limit=1&limit=2',
    'cursor=x',
    'cursor=WzFd',
    'nope=1',
  ])
    t.match((await admin.ask(`GET /registry/endpoints?${bad}`)).json(), { status: 400 }, bad)
})

t.test('/registry/stats', async (t) => {
  const { admin } = await startAdmin(t, YAML)
  t.match((await admin.ask('GET /registry/stats')).json(), {
    endpoints: { total: 4, active: 4 },
    documents: { 'weir.yaml': 4 },
    targets: 4,
    attempts: 0,
  })
})
