import { once } from 'node:events'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { defineFilter } from '../../../core/index.ts'
import { bearer, corsOf, FOREIGN, gatewayWith, LISTED, ORIGIN, SECRET } from './support.ts'

const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const PREFLIGHT = {
  'allow-origin': ORIGIN,
  'allow-credentials': 'true',
  'allow-methods': METHODS,
  'max-age': '3600',
  vary: PREFLIGHT_VARY,
}
const ALLOWED = { 'allow-origin': ORIGIN, 'allow-credentials': 'true', 'expose-headers': 'X-Total', vary: 'Origin' }
const REFUSED = { vary: 'Origin' }
const CHAIN = [
  'request-id',
  `cors: { ${LISTED} }`,
  `auth: { secret: ${SECRET} }`,
  'route-match',
  'method-check',
  'proxy',
  'metrics',
]
const API = 'name: api, url: UPSTREAM, path: /api'

t.test('a preflight passes before auth and method-check; what follows has the fields', async (t) => {
  const { gateway, requests, preflight, get } = await gatewayWith(t, CHAIN, [
    'name: guarded, url: UPSTREAM, path: /guarded, auth_type: bearer, methods: [GET, PUT]',
  ])
  const allowed = await preflight('/guarded/1', ORIGIN, 'PUT', {
    'Access-Control-Request-Headers': 'authorization,x-a',
  })
  t.equal(allowed.status, 204)
  t.equal(allowed.body, '')
  t.strictSame(corsOf(allowed), { ...PREFLIGHT, 'allow-headers': 'authorization, x-a' })
  t.ok(allowed.headers.has('x-request-id'))
  t.strictSame(corsOf(await preflight('/guarded', 'https://a.b.example.org')), {
    ...PREFLIGHT,
    'allow-origin': 'https://a.b.example.org',
  })
  t.strictSame(requests, [], 'nothing went upstream')

  const missing = await get('/guarded', ORIGIN)
  t.equal(missing.status, 401)
  t.strictSame(corsOf(missing), ALLOWED)
  const authorization = { Authorization: await bearer() }
  const found = await get('/guarded', ORIGIN, authorization)
  t.equal(found.status, 200)
  t.strictSame(corsOf(found), ALLOWED)
  const wrong = await gateway.inject({
    method: 'DELETE',
    path: '/guarded',
    headers: { Origin: ORIGIN, ...authorization },
  })
  t.equal(wrong.status, 405)
  t.strictSame(corsOf(wrong), ALLOWED)
  t.equal(await gateway.metric('weir_local_replies_total', { filter: 'cors', reason: 'preflight' }), 2)
})

t.test('an origin that is not allowed', async (t) => {
  const { requests, preflight, get } = await gatewayWith(t, CHAIN, [API])
  const refused = await preflight('/api', FOREIGN, 'PUT', { 'Access-Control-Request-Headers': 'x-a' })
  t.equal(refused.status, 403)
  t.match(refused.json(), { code: 'origin_denied' })
  t.strictSame(corsOf(refused), { vary: PREFLIGHT_VARY })
  t.notMatch(JSON.stringify(refused.headers.raw), /evil/)
  t.strictSame(requests, [])
  const simple = await get('/api', FOREIGN)
  t.equal(simple.status, 200, 'CORS is no access control: the page just can not read it')
  t.strictSame(corsOf(simple), REFUSED)
  t.strictSame(corsOf(await get('/api', 'null')), REFUSED)
  t.strictSame(corsOf(await get('/api')), REFUSED)
})

t.test('OPTIONS that is no preflight is an ordinary request', async (t) => {
  const { gateway, requests } = await gatewayWith(t, CHAIN, [API])
  const ask = (headers: Record<string, string>) => gateway.inject({ method: 'OPTIONS', path: '/api', headers })
  t.strictSame(corsOf(await ask({ Origin: ORIGIN })), ALLOWED)
  t.strictSame(corsOf(await ask({ 'Access-Control-Request-Method': 'PUT' })), REFUSED)
  t.strictSame(corsOf(await ask({ Origin: '', 'Access-Control-Request-Method': 'PUT' })), REFUSED)
  t.strictSame(requests, ['OPTIONS /api', 'OPTIONS /api', 'OPTIONS /api'])
})

t.test('what the upstream says of CORS is replaced, and its Vary kept', async (t) => {
  const { get } = await gatewayWith(t, CHAIN, [API])
  const set = JSON.stringify({
    'access-control-allow-origin': '*',
    'Access-Control-Allow-Methods': 'BREW',
    'ACCESS-CONTROL-EXPOSE-HEADERS': 'X-Secret',
    'Access-Control-Allow-Credentials': 'true',
    Vary: 'Accept-Encoding',
    'Accept-Ranges': 'bytes',
  })
  const vary = 'Accept-Encoding, Origin'
  const allowed = await get('/api', ORIGIN, { 'X-Set': set })
  t.strictSame(corsOf(allowed), { ...ALLOWED, vary })
  t.equal(allowed.headers.get('accept-ranges'), 'bytes')
  for (const origin of [FOREIGN, undefined])
    t.strictSame(corsOf(await get('/api', origin, { 'X-Set': set })), { vary }, String(origin))
})

t.test('replies of other filters have the fields', async (t) => {
  const endpoints = [
    'name: down, url: "http://127.0.0.1:1", path: /down',
    'name: read, url: UPSTREAM, match: [{ path: /read, methods: [GET] }]',
    'name: off, url: UPSTREAM, path: /off, status: inactive',
  ]
  const { gateway, preflight, get } = await gatewayWith(t, CHAIN, endpoints)
  const cases: [status: number, method: string, path: string][] = [
    [502, 'GET', '/down'],
    [404, 'GET', '/nowhere'],
    [400, 'GET', '/a/%2e%2e/%2e%2e/b'],
    [405, 'POST', '/read'],
    [503, 'GET', '/off'],
  ]
  for (const [status, method, path] of cases) {
    const response = await gateway.inject({ method, path, headers: { Origin: ORIGIN } })
    t.equal(response.status, status, path)
    t.strictSame(corsOf(response), ALLOWED, path)
    t.strictSame(corsOf(await gateway.inject({ method, path })), REFUSED, path)
    const asked = await preflight(path, ORIGIN, method)
    t.equal(asked.status, 204, `the page is to see the ${status}`)
    t.strictSame(corsOf(asked), PREFLIGHT, path)
    t.equal((await preflight(path, FOREIGN, method)).status, 403)
    t.equal((await get(path, FOREIGN)).headers.has('access-control-allow-origin'), false)
  }
})

t.test('every origin', async (t) => {
  const chain = ['cors: { origins: ["*"], expose_headers: ["*"] }', 'route-match', 'proxy']
  const { preflight, get } = await gatewayWith(t, chain, [API])
  const fields = { 'allow-origin': '*', 'expose-headers': '*' }
  for (const origin of [ORIGIN, 'null', undefined, 'nonsense'])
    t.strictSame(corsOf(await get('/api', origin)), fields, 'the response does not depend on the origin')
  t.strictSame(corsOf(await get('/api', ORIGIN, { 'X-Set': '{"Vary":"Accept"}' })), { ...fields, vary: 'Accept' })
  t.strictSame(corsOf(await preflight('/api', FOREIGN, 'PUT', { 'Access-Control-Request-Headers': 'authorization' })), {
    'allow-origin': '*',
    'allow-methods': METHODS,
    'allow-headers': 'authorization',
    vary: PREFLIGHT_VARY,
  })
})

t.test('lists of methods and header fields, private networks', async (t) => {
  const options =
    'origins: ["null"], methods: [get, delete], headers: [X-A, Content-Type], private_network: true, max_age: 1.5'
  const { preflight } = await gatewayWith(t, [`cors: { ${options} }`, 'route-match', 'proxy'], [API])
  const fields = {
    'allow-origin': 'null',
    'allow-methods': 'GET, DELETE',
    'allow-headers': 'X-A, Content-Type',
    'max-age': '1',
    vary: `${PREFLIGHT_VARY}, Access-Control-Request-Private-Network`,
  }
  const asked = { 'Access-Control-Request-Headers': 'x-evil' }
  t.strictSame(corsOf(await preflight('/api', 'null', 'PATCH', asked)), fields)
  const network = { 'Access-Control-Request-Private-Network': 'true' }
  t.strictSame(corsOf(await preflight('/api', 'null', 'GET', network)), { ...fields, 'allow-private-network': 'true' })
  const none = await gatewayWith(
    t,
    ['cors: { origins: ["null"], methods: [], headers: [] }', 'route-match', 'proxy'],
    [API],
  )
  t.strictSame(corsOf(await none.preflight('/api', 'null', 'PUT', asked)), {
    'allow-origin': 'null',
    vary: PREFLIGHT_VARY,
  })
  const plain = await gatewayWith(t, CHAIN, [API])
  t.strictSame(corsOf(await plain.preflight('/api', ORIGIN, 'PUT', network)), PREFLIGHT)
})

t.test('hostile preflights', async (t) => {
  const { preflight, gateway } = await gatewayWith(t, CHAIN, [API])
  const names = Array.from({ length: 101 }, (_, i) => `x-${i}`).join()
  for (const asked of [names, '<script>', 'a b'])
    t.strictSame(corsOf(await preflight('/api', ORIGIN, 'PUT', { 'Access-Control-Request-Headers': asked })), PREFLIGHT)
  const both = { Origin: [ORIGIN, FOREIGN] }
  t.equal((await preflight('/api', '', 'PUT', both)).status, 403, 'a repeated Origin is none')
  const twice = { Origin: [ORIGIN, ORIGIN] }
  t.strictSame(corsOf(await gateway.inject({ path: '/api', headers: twice })), REFUSED)
  t.strictSame(corsOf(await gateway.inject({ path: '/api', headers: { Origin: `${ORIGIN}, ${ORIGIN}` } })), REFUSED)
  t.strictSame(corsOf(await gateway.inject({ path: '/api', headers: { Origin: `${ORIGIN}\xa0` } })), REFUSED)
})

t.test('each endpoint has its own', async (t) => {
  const { requests, preflight, get } = await gatewayWith(t, CHAIN, [
    API,
    'name: open, url: UPSTREAM, path: /open, filters: { cors: { origins: ["*"], credentials: false, max_age: 0 } }',
    'name: partner, url: UPSTREAM, path: /partner, auth_type: bearer, filters: { cors: { origins: [https://partner.test] } }',
    'name: own, url: UPSTREAM, path: /own, filters: { cors: off }',
  ])
  t.match(corsOf(await preflight('/open', FOREIGN)), { 'allow-origin': '*', 'max-age': '0' })
  t.strictSame(corsOf(await get('/open', FOREIGN)), { 'allow-origin': '*', 'expose-headers': 'X-Total' })
  t.equal((await preflight('/api', FOREIGN)).status, 403)

  const partner = 'https://partner.test'
  t.equal((await preflight('/partner', ORIGIN)).status, 403, 'lists are replaced')
  t.match(corsOf(await preflight('/partner', partner)), { 'allow-origin': partner, 'max-age': '3600' })
  const refused = await get('/partner', partner)
  t.equal(refused.status, 401)
  t.match(corsOf(refused), { 'allow-origin': partner })
  t.strictSame(requests, ['GET /open'])

  const set = JSON.stringify({ 'Access-Control-Allow-Origin': 'https://x.test', Vary: 'X' })
  t.strictSame(corsOf(await get('/own', ORIGIN, { 'X-Set': set })), { 'allow-origin': 'https://x.test', vary: 'X' })
  t.strictSame(corsOf(await preflight('/own', ORIGIN, 'PUT', { 'X-Set': set })), {
    'allow-origin': 'https://x.test',
    vary: 'X',
  })
  t.equal(requests.at(-1), 'OPTIONS /own')
})

t.test('off in the chain, on at an endpoint', async (t) => {
  const chain = ['cors: off', `auth: { secret: ${SECRET} }`, 'route-match', 'method-check', 'proxy']
  const { preflight, get, requests } = await gatewayWith(t, chain, [
    'name: plain, url: UPSTREAM, path: /plain',
    `name: shared, url: UPSTREAM, path: /shared, auth_type: bearer, methods: [PUT], filters: { cors: { ${LISTED} } }`,
  ])
  t.strictSame(corsOf(await preflight('/shared', ORIGIN)), PREFLIGHT)
  t.strictSame(corsOf(await get('/shared', ORIGIN)), ALLOWED)
  t.strictSame(requests, [])
  t.strictSame(corsOf(await get('/plain', ORIGIN)), {})
  t.strictSame(corsOf(await get('/nowhere', ORIGIN)), {})
})

t.test('a preflight reaches the endpoint of the method that it asks for', async (t) => {
  const { preflight } = await gatewayWith(t, CHAIN, [
    'name: read, url: UPSTREAM, match: [{ path: /x, methods: [GET] }]',
    'name: write, url: UPSTREAM, match: [{ path: /x, methods: [PUT] }], filters: { cors: { max_age: 5m } }',
  ])
  t.match(corsOf(await preflight('/x', ORIGIN, 'GET')), { 'max-age': '3600' })
  t.match(corsOf(await preflight('/x', ORIGIN, 'PUT')), { 'max-age': '300' })
})

t.test('another filter may take Origin away from the upstream', async (t) => {
  const hide = defineFilter({
    name: 'hide',
    apiVersion: 1,
    create: () => ({ routed: (x) => void x.request.headers.delete('origin') }),
  })
  const chain = [`cors: { ${LISTED} }`, 'route-match', 'hide', 'proxy']
  const { get } = await gatewayWith(t, chain, [API], { filters: [hide] })
  const response = await get('/api', ORIGIN)
  t.strictSame(response.json(), { origin: null })
  t.strictSame(corsOf(response), ALLOWED)
})

t.test('a reply of an earlier filter to a preflight stays', async (t) => {
  const closed = defineFilter({
    name: 'closed',
    apiVersion: 1,
    create: () => ({
      routed: () => {
        throw new Error('closed')
      },
    }),
  })
  const { preflight } = await gatewayWith(t, ['closed', ...CHAIN.slice(1)], [API], { filters: [closed] })
  const response = await preflight('/api', ORIGIN)
  t.equal(response.status, 500)
  t.strictSame(corsOf(response), {})
})

t.test('two of them in a chain: each says what it says about responses, the first replies to preflights', async (t) => {
  const second = '{ filter: cors, name: second, options: { origins: ["*"] } }'
  const { preflight, get } = await gatewayWith(t, [`cors: { ${LISTED} }`, second, 'route-match', 'proxy'], [API])
  for (const path of ['/api', '/nowhere']) {
    t.strictSame(corsOf(await preflight(path, ORIGIN)), PREFLIGHT, path)
    t.strictSame(corsOf(await get(path, ORIGIN)), ALLOWED, path)
  }
})

t.test('a listener without endpoints', async (t) => {
  const rest = `admin: { listen: "127.0.0.1:0", filters: [cors: { ${LISTED} }, admin] }\n`
  const { gateway } = await gatewayWith(t, ['route-match', 'proxy'], [API], { rest })
  const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': 'GET' }
  const asked = await gateway.inject({ admin: true, method: 'OPTIONS', path: '/livez', headers })
  t.equal(asked.status, 204)
  t.strictSame(corsOf(asked), PREFLIGHT)
  t.strictSame(corsOf(await gateway.inject({ admin: true, path: '/livez', headers })), ALLOWED)
})

t.test('enforce_origin refuses what changes state', async (t) => {
  const chain = [`cors: { ${LISTED}, enforce_origin: true }`, `auth: { secret: ${SECRET} }`, 'route-match', 'proxy']
  const endpoints = [API, 'name: guarded, url: UPSTREAM, path: /guarded, auth_type: bearer']
  const { gateway, requests } = await gatewayWith(t, chain, endpoints)
  const host = `127.0.0.1:${gateway.port}`
  const cases: [status: number, method: string, headers: Record<string, string | string[]>][] = [
    [403, 'POST', { Origin: FOREIGN }],
    [403, 'DELETE', { Origin: 'null' }],
    [403, 'PROPFIND', { Origin: FOREIGN }],
    [403, 'POST', { Origin: [ORIGIN, FOREIGN] }],
    [403, 'POST', { Origin: `https://${host}` }],
    [403, 'POST', { Origin: `http://${host}.evil.com` }],
    [403, 'POST', { Origin: FOREIGN, 'Sec-Fetch-Site': 'cross-site' }],
    [403, 'POST', { Origin: FOREIGN, 'Sec-Fetch-Site': 'same-site' }],
    [200, 'POST', { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }],
    [200, 'POST', { Origin: ORIGIN }],
    [200, 'POST', { Origin: 'https://a.example.org' }],
    [200, 'POST', { Origin: `http://${host}` }],
    [200, 'POST', {}],
    [200, 'GET', { Origin: FOREIGN }],
    [200, 'HEAD', { Origin: FOREIGN }],
    [200, 'OPTIONS', { Origin: FOREIGN }],
  ]
  for (const [status, method, headers] of cases) {
    const what = `${method} ${JSON.stringify(headers)}`
    const response = await gateway.inject({ method, path: '/api', headers })
    t.equal(response.status, status, what)
    if (status !== 403) continue
    t.match(response.json(), { code: 'origin_denied' }, what)
    t.strictSame(corsOf(response), REFUSED, what)
  }
  t.equal(requests.length, cases.filter(([status]) => status === 200).length)
  const guarded = await gateway.inject({ method: 'POST', path: '/guarded', headers: { Origin: FOREIGN } })
  t.equal(guarded.status, 403, 'before auth looks at the token')
})

t.test('WebSocket handshakes', async (t) => {
  const chain = [`cors: { ${LISTED} }`, 'route-match', 'proxy']
  const { gateway, upstream } = await gatewayWith(t, chain, [
    API,
    'name: strict, url: UPSTREAM, path: /strict, filters: { cors: { enforce_origin: true } }',
  ])
  const server = new WebSocketServer({ server: upstream.server })
  server.on('connection', (socket) => socket.close())
  const open = async (path: string, origin: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, { origin })
    socket.on('error', () => {})
    socket.on('unexpected-response', (request) => request.destroy())
    return new Promise<string>((resolve) => {
      socket.on('upgrade', ({ rawHeaders }) => resolve(`101 ${rawHeaders.join().match(/access-control|vary/i) ?? ''}`))
      socket.on('unexpected-response', (_, { statusCode }) => resolve(String(statusCode)))
    })
  }
  t.equal(await open('/api', ORIGIN), '101 ')
  t.equal(await open('/api', FOREIGN), '101 ', 'browsers ask nobody before they open a WebSocket')
  t.equal(await open('/strict', ORIGIN), '101 ')
  t.equal(await open('/strict', `http://127.0.0.1:${gateway.port}`), '101 ')
  t.equal(await open('/strict', FOREIGN), '403')
  const closed = once(server, 'close')
  server.close()
  await closed
})
