// Roles, conditions, types and sizes, over real sockets; each response is checked by the OpenAPI document.
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { AdminClient, startAdmin } from '../../../support/admin-client.ts'
import { sendRaw } from '../../../support/client.ts'

const SECRET = '0123456789abcdef0123456789abcdef'
const ENDPOINTS = `filters: [route-match, breaker, proxy]
endpoints:
  - { name: a, version: v1, url: "http://127.0.0.1:1" }
  - { name: b, url: "http://127.0.0.1:1" }
`

const tokenOf = (...roles: string[]): Promise<string> =>
  new SignJWT({ sub: 'ann', roles })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(SECRET))

const bearer = async (...roles: string[]) => ({ Authorization: `Bearer ${await tokenOf(...roles)}` })

async function guarded(t: Test, options = '') {
  const chain = `[request-id, auth: { secret: ${SECRET} }, admin: { ${options} }]`
  const started = await startAdmin(t, `admin: { filters: ${chain} }\n${ENDPOINTS}`)
  const document = await AdminClient.to(started.url, await bearer('viewer', 'eyes'))
  return {
    ...started,
    as: async (...roles: string[]) => document.with(await bearer(...roles)),
    nobody: document.with({}),
  }
}

const READS = ['/health', '/config/status', '/config/endpoints', '/registry/endpoints', '/openapi.json', '/docs']
const CHANGES = [
  'POST /config/reload',
  'POST /circuit-breakers/b/reset',
  'POST /health/check/b',
  'DELETE /registry/endpoints/nope',
]

t.test('roles', async (t) => {
  const { as, nobody } = await guarded(t)
  const [none, viewer, operator] = [await as('other'), await as('viewer'), await as('operator')]
  for (const path of READS) {
    t.match((await nobody.ask(`GET ${path}`)).status, 401, path)
    t.match((await none.ask(`GET ${path}`)).json(), { status: 403, code: 'role_missing' }, path)
    t.equal((await viewer.ask(`GET ${path}`)).status, 200, path)
    t.equal((await operator.ask(`GET ${path}`)).status, 200, path)
  }
  for (const what of CHANGES) {
    t.match((await nobody.ask(what)).status, 401, what)
    t.match((await viewer.ask(what)).json(), { status: 403, code: 'role_missing' }, what)
    t.not((await operator.ask(what)).status, 403, what)
  }
  for (const path of ['/livez', '/readyz', '/metrics', '/']) t.equal((await none.ask(`GET ${path}`)).status, 200, path)
})

t.test('roles of other names', async (t) => {
  const { as } = await guarded(t, 'roles: { viewer: [eyes], operator: [hands, "Head of All"] }')
  t.equal((await (await as('viewer', 'operator')).ask('GET /health')).status, 403)
  t.equal((await (await as('eyes')).ask('GET /health')).status, 200)
  t.equal((await (await as('eyes')).ask('POST /config/reload')).status, 403)
  t.equal((await (await as('Head of All')).ask('POST /config/reload')).status, 200)
})

t.test('a change has a line in the log that tells who did what, and no secret', async (t) => {
  const { as, gateway } = await guarded(t)
  const operator = await as('operator')
  const lines = () => gateway.logs.filter(({ message }) => message === 'admin change').map(({ fields }) => fields)
  const made = await operator.ask('POST /registry/endpoints', {
    body: { name: 'c', url: 'http://127.0.0.1:1', filters: { proxy: { timeout: '7s' } } },
  })
  t.equal(made.status, 201)
  const [line] = lines()
  t.match(line, {
    operation: 'registerEndpoint',
    outcome: 'applied',
    status: 201,
    version_after: made.json().version,
    caller: 'ann',
    address: '127.0.0.1',
    request_id: made.headers['x-request-id'],
  })
  t.not(line!.version_before, line!.version_after)
  t.notMatch(JSON.stringify(lines()), /7s/)
  await operator.ask('DELETE /registry/endpoints/nope')
  t.match(lines()[1], { operation: 'removeEndpoint', endpoint: 'nope', outcome: 'endpoint_not_found', status: 404 })
  await (await as('viewer')).ask('GET /health')
  t.equal(lines().length, 2, 'reading has none')
})

t.test('hostile ids never reach another endpoint', async (t) => {
  const { admin, gateway } = await startAdmin(t, ENDPOINTS)
  const hostile = [
    'v1%2Fa',
    'v1%2fa',
    'v1%252Fa',
    '%76%31%2F%61',
    'v1/a/',
    'v1//a',
    '/b',
    'b%00',
    'b%0a',
    '..%2Fb',
    '%',
    '%zz',
    'b%',
    '%C3%28',
    'v1/%',
    '.%2e',
    'x/v1/a',
    '%2e%2e/b',
  ]
  for (const id of hostile)
    for (const [method, path] of [
      ['GET', `/registry/endpoints/${id}`],
      ['DELETE', `/registry/endpoints/${id}`],
      ['PUT', `/registry/endpoints/${id}/status`],
      ['POST', `/circuit-breakers/${id}/trip`],
      ['GET', `/health/endpoints/${id}`],
    ] as const) {
      const { status } = await admin.ask(`${method} ${path}`, method === 'PUT' ? { body: { status: 'disabled' } } : {})
      t.ok([400, 404].includes(status), `${method} ${path}: ${status}`)
    }
  t.strictSame(
    Array.from(gateway.gateway.registry.all(), ({ id, status }) => [id, status]),
    [
      ['v1/a', 'active'],
      ['b', 'active'],
    ],
  )
  t.match((await admin.ask('GET /registry/endpoints/v1/%61')).json(), { id: 'v1/a' }, 'decoded once')
})

t.test('conditional reading', async (t) => {
  const { admin } = await startAdmin(t, ENDPOINTS)
  for (const path of ['/config/status', '/config/endpoints', '/registry/endpoints', '/registry/endpoints/b']) {
    const first = await admin.ask(`GET ${path}`)
    const etag = first.headers.etag as string
    t.match(etag, /^"[0-9a-f]{12}-[\w-]+"$/)
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await admin.ask(`GET ${path}`, { headers: { 'If-None-Match': known } })
      t.match(again, { status: 304, body: '', headers: { etag } }, `${path} ${known}`)
    }
    for (const other of ['"x"', etag.slice(1, -1), ''])
      t.equal((await admin.ask(`GET ${path}`, { headers: { 'If-None-Match': other } })).status, 200)
    t.match(await admin.ask(`HEAD ${path}`), {
      status: 200,
      body: '',
      headers: { etag, 'content-length': first.headers['content-length'] },
    })
  }
  const before = (await admin.ask('GET /registry/endpoints/b')).headers.etag
  await admin.ask('POST /circuit-breakers/b/trip')
  t.not((await admin.ask('GET /registry/endpoints/b')).headers.etag, before, 'state is a part of what is shown')
})

t.test('types of responses', async (t) => {
  const { admin } = await startAdmin(t, ENDPOINTS)
  const ask = (Accept: string) => admin.ask('GET /health', { headers: { Accept } })
  for (const accept of [
    'application/json',
    '*/*',
    'application/*',
    'text/html, */*;q=0.1',
    'APPLICATION/JSON;q=0.5',
    '',
  ])
    t.equal((await ask(accept)).status, 200, accept)
  for (const accept of ['image/png', 'application/json;q=0', '*/*, application/json;q=0', 'application/xml'])
    t.match((await ask(accept)).json(), { status: 406, code: 'not_acceptable' }, accept)
})

t.test('bodies', async (t) => {
  const { admin } = await startAdmin(t, ENDPOINTS)
  const put = (body: string | Buffer | undefined, type = 'application/json', more = {}) =>
    admin.ask('PUT /registry/endpoints/b', {
      headers: { ...(type === '' ? {} : { 'Content-Type': type }), ...more },
      body,
    })
  for (const type of [
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/merge-patch+json',
    'application/json; charset=latin1',
  ])
    t.match(await put('{}', type), { status: 415, headers: { accept: 'application/json' } }, type)
  t.match(await put('{}', 'application/json', { 'Content-Encoding': 'gzip' }), {
    status: 415,
    headers: { 'accept-encoding': 'identity' },
  })
  t.match(await admin.ask('PATCH /registry/endpoints/b', { headers: { 'Content-Type': 'text/plain' }, body: '{}' }), {
    status: 415,
    headers: { 'accept-patch': 'application/merge-patch+json, application/json' },
  })
  t.match((await put(undefined)).json(), { status: 400, code: 'body_missing' })
  t.match((await put('{"a":1,}')).json(), { status: 400, code: 'json_invalid' })
  t.match((await put(Buffer.from([0x7b, 0xff, 0x7d]))).json(), { status: 400, code: 'body_invalid' })
  t.match((await put('{"name":"b","filters":{"x":[{"y":1,"y":2}]}}')).json(), {
    status: 400,
    errors: [{ pointer: '/filters/x/0/y' }],
  })
  t.match((await put('{"__proto__":{"x":1}}')).json(), { status: 422, code: 'body_invalid' })
  for (const body of ['null', '[]', '"x"', '7', '{"name":{}}'])
    t.match((await put(body)).json(), { status: 422, code: 'body_invalid' }, body)
  t.match((await put(`{"name":"${'x'.repeat(64 * 1024)}"}`)).json(), { status: 413, code: 'request_body_too_large' })
  t.match((await put('['.repeat(60_000))).json(), { status: 400, code: 'json_invalid' })
  const unknown = await admin.ask('POST /circuit-breakers/b/trip', {
    body: { filter: 'breaker', tarjet: 'x', target: 7 },
  })
  t.match(unknown.json().errors, [{ pointer: '/target' }, { pointer: '/tarjet' }])
})

t.test('a body over the cap that comes in chunks is not read to its end', async (t) => {
  const { url } = await startAdmin(t, ENDPOINTS)
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const head =
    'PUT /registry/endpoints/b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
  const text = await sendRaw(Number(new URL(url).port), `${head}${chunk}${chunk}`, (received) =>
    received.includes('\r\n\r\n'),
  )
  t.match(text, /^HTTP\/1\.1 413 /)
})
