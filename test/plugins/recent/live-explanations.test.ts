import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { defineFilter, type HeaderList, type RecentExchanges, RecentExchangesKey } from '../../../core/index.ts'
import { startGateway } from '../../../core/testing.ts'
import { startUpstream } from '../../support/upstream.ts'

const SECRET = 'sixteen-letters-long'
const ASK = { 'X-Weir-Explain': SECRET }

let service!: RecentExchanges

/** Gives the test the service, and changes fields. */
const spy = defineFilter({
  name: 'spy',
  apiVersion: 1,
  needs: [RecentExchangesKey],
  create(_, env) {
    service = env.service(RecentExchangesKey)
    return {
      request(x) {
        x.request.headers.set('X-Spy', 'secret-value')
        x.request.headers.delete('accept')
      },
      response: (x) => void x.response.headers.set('X-Seen', 'secret-value'),
    }
  },
})

const seen: (readonly string[])[] = []
const upstream = await startUpstream((req, res) => {
  seen.push(req.rawHeaders)
  if (req.url === '/cut') return void req.socket.destroy()
  if (req.url === '/hang') return
  res.end(req.method === 'HEAD' ? undefined : 'up')
})
upstream.server.on('upgrade', (_, socket) =>
  socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
)
t.teardown(() => upstream.close())

const yaml = (explain: string) => `listen: 127.0.0.1:0
admin: off
explain: ${explain}
filters:
  - request-id
  - auth: { secret: 0123456789abcdef0123456789abcdef, algorithm: HS256 }
  - spy
  - route-match: { prefix: "" }
  - method-check
  - breaker: off
  - proxy
  - metrics
endpoints:
  - { name: up, url: "${upstream.url}", path: /, strip_prefix: false }
  - { name: get, url: "${upstream.url}", match: [{ path: /only, methods: [PUT] }] }
  - { name: closed, url: "${upstream.url}", path: /closed, auth_type: bearer }
`

async function start(t: Test, explain = `{ secret: ${SECRET} }`) {
  const gateway = await startGateway(yaml(explain), { filters: [spy] })
  t.teardown(() => gateway.close())
  const explained = async (headers: HeaderList) => {
    const id = decodeURIComponent(String(headers.get('weir-explain')).replace('/explain/', ''))
    return (await service.explain(id))!
  }
  return { gateway, explained }
}

t.test('a response that was asked for says how to find its explanation', async (t) => {
  const { gateway, explained } = await start(t)
  const { status, headers } = await gateway.inject({
    path: '/only/a?q=secret-value',
    headers: { ...ASK, Accept: '*/*' },
  })
  t.equal(status, 200)
  t.match(
    headers.get('server-timing'),
    /^request-id;dur=[\d.]+, auth;dur=[\d.]+, spy;.*proxy;dur=[\d.]+, upstream;dur=[\d.]+$/,
  )
  t.notMatch(headers.get('server-timing'), /metrics|breaker/)
  await gateway.logged(1)
  const found = await explained(headers)
  t.match(found, {
    path: '/only/a',
    status: 200,
    explained: true,
    endpoint: 'up',
    route: { by: '/', file: 'weir.yaml', line: 14 },
    rejected: [{ endpoint: 'get', why: '/only matches, but not with GET' }],
    calls: [{ number: 1, result: 'success', status: 200, error: null }],
  })
  t.strictSame(
    found.steps.map(({ filter, verdict, file, line }) => [filter, verdict, file, line]),
    [
      ['request-id', 'continue', 'weir.yaml', 5],
      ['auth', 'continue', 'weir.yaml', 6],
      ['spy', 'continue', 'weir.yaml', 7],
      ['route-match', 'continue', 'weir.yaml', 8],
      ['method-check', 'continue', 'weir.yaml', 9],
      ['breaker', 'off', 'weir.yaml', 10],
      ['proxy', 'continue', 'weir.yaml', 11],
      ['metrics', 'continue', 'weir.yaml', 12],
    ],
  )
  t.strictSame(found.steps[2]!.changes, [
    { on: 'request', set: ['X-Spy'], removed: ['Accept'] },
    { on: 'response', set: ['X-Seen'], removed: [] },
  ])
  t.ok(found.calls[0]!.total_ms >= found.calls[0]!.head_ms!)
  for (const step of found.steps) if (step.verdict === 'continue') t.ok(step.start_ms! >= 0 && step.self_ms! >= 0)
  t.notMatch(JSON.stringify(found), /secret-value/)
  t.match(await service.list(), [{ explained: true, path: '/only/a' }])
})

t.test('the field never goes upstream, and a wrong one changes nothing that can be seen', async (t) => {
  const { gateway } = await start(t)
  seen.length = 0
  for (const value of [SECRET, `${SECRET}x`, '', [SECRET, SECRET], [SECRET, 'x']])
    await gateway.inject({ path: '/a', headers: { 'x-weir-explain': value } })
  t.equal(seen.length, 5)
  t.notMatch(JSON.stringify(seen), /explain/i)
  const wrong = await gateway.inject({ path: '/a', headers: { 'X-Weir-Explain': 'wrong' } })
  const none = await gateway.inject({ path: '/a' })
  const names = (headers: HeaderList) => Array.from(headers, ([name]) => name)
  t.strictSame(names(wrong.headers), names(none.headers))
  await gateway.logged(7)
  t.strictSame(
    (await service.list()).map(({ explained }) => explained),
    [false, false, false, false, false, false, true],
  )
})

t.test('local replies, errors, HEAD, and responses without a route', async (t) => {
  const { gateway, explained } = await start(t)
  const cases: [path: string, method: string, expected: object][] = [
    ['/closed', 'GET', { status: 401, filter: 'auth', reason: 'token_missing', calls: [] }],
    ['/cut', 'POST', { status: 502, calls: [{ result: 'failure', error: String, head_ms: null }] }],
    ['/a', 'HEAD', { status: 200, calls: [{ result: 'success' }] }],
    ['/%2e%2e/a', 'GET', { status: 400, route: null, endpoint: null, calls: [] }],
  ]
  for (const [i, [path, method, expected]] of cases.entries()) {
    const { headers } = await gateway.inject({ path, method, headers: ASK })
    await gateway.logged(i + 1)
    t.match(await explained(headers), { path, method, ...expected })
  }
  const { headers } = await gateway.inject({ path: '/closed', headers: ASK })
  await gateway.logged(5)
  const verdicts = (await explained(headers)).steps.map(
    ({ filter, verdict, reason }) => `${filter} ${verdict} ${reason}`,
  )
  t.ok(verdicts.includes('auth reply token_missing'))
  t.ok(verdicts.includes('proxy not reached null'))
})

t.test('WebSockets, and requests that are left before a response', async (t) => {
  const { gateway } = await start(t)
  const head = `X-Weir-Explain: ${SECRET}\r\nHost: a\r\nX-Request-Id: left\r\n`
  const socket = connect(gateway.port, '127.0.0.1')
  socket.write(
    `GET /ws HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  )
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  t.match(bytes.toString('latin1'), /^HTTP\/1.1 101[\s\S]*Weir-Explain: \/explain\/left\r\n/i)
  socket.destroy()
  await gateway.logged(1)
  t.match(await service.explain('left'), { status: 101, calls: [{ status: 101 }] })
  const hanging = connect(gateway.port, '127.0.0.1')
  seen.length = 0
  hanging.write(`GET /hang HTTP/1.1\r\n${head}\r\n`)
  await once(upstream.server, 'request')
  hanging.destroy()
  await gateway.logged(2)
  t.match(await service.explain('left'), {
    status: 0,
    outcome: 'aborted',
    calls: [{ result: 'ignored' }],
  })
})

t.test('an id that a client chooses finds the newest that was asked for with the secret', async (t) => {
  const { gateway } = await start(t)
  const ask = (path: string, headers: Record<string, string>) =>
    gateway.inject({ path, headers: { 'X-Request-Id': 'same', ...headers } })
  await ask('/first', ASK)
  await ask('/second', ASK)
  await ask('/third', { 'X-Weir-Explain': 'wrong' })
  await gateway.logged(3)
  t.match(await service.explain('same'), { path: '/second' })
  t.equal(await service.explain('other'), undefined)
})

t.test('callers with a role may ask, others may not', async (t) => {
  const { gateway } = await start(t, '{ header: X-Debug, roles: [operator] }')
  const token = (roles: string[]) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg: 'HS256' })}.${part({ sub: 'a', roles, exp: Math.floor(Date.now() / 1000) + 60 })}`
    return `${text}.${createHmac('sha256', '0123456789abcdef0123456789abcdef').update(text).digest('base64url')}`
  }
  const ask = async (roles: string[]) => {
    const headers = { Authorization: `Bearer ${token(roles)}`, 'X-Debug': '1', 'X-Request-Id': roles.join(':') }
    return (await gateway.inject({ path: '/closed', headers })).headers.get('weir-explain')
  }
  t.equal(await ask(['operator', 'a']), '/explain/operator%3Aa')
  t.equal(await ask(['customer']), undefined)
  await gateway.logged(2)
  t.equal(await service.explain('customer'), undefined)
  t.equal(seen.flat().includes('X-Debug'), false)
})

t.test('while it is off, the field is one like others', async (t) => {
  const { gateway } = await start(t, 'off')
  seen.length = 0
  const { headers } = await gateway.inject({ path: '/a', headers: ASK })
  t.equal(headers.get('weir-explain'), undefined)
  t.ok(seen[0]!.includes('X-Weir-Explain'))
})
