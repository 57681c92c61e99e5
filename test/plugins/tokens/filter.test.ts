import t, { type Test } from 'tap'
import {
  type LocalReply,
  type TokenIssuer,
  TokenIssuerKey,
  type TokenReply,
  type TokenRequest,
} from '../../../core/index.ts'
import { exchange, FilterBench, startGateway, type TestRequest } from '../../../core/testing.ts'
import { tokens } from '../../../plugins/tokens/filter.ts'
import { startUpstream } from '../../support/upstream.ts'

const OPTIONS = { prefix: '/auth', issuer: 'https://a.test' }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

const OK: TokenReply = {
  status: 200,
  reason: undefined,
  headers: { 'Content-Type': 'application/json' },
  body: '{"a":1}',
}

/** An issuer that notes what it is asked. */
function fakeIssuer(respond: (request: TokenRequest) => TokenReply | Promise<TokenReply> = () => OK) {
  const asked: TokenRequest[] = []
  const issuer: TokenIssuer = {
    async respond(request) {
      asked.push(request)
      return respond(request)
    },
  }
  return { asked, issuer }
}

async function made(t: Test, issuer: TokenIssuer | undefined) {
  const bench = new FilterBench([], issuer === undefined ? [] : [[TokenIssuerKey, issuer]])
  const { filter, dispose } = await bench.make(tokens, OPTIONS)
  t.teardown(dispose)
  const send = async (init: TestRequest) => (await filter.request!(exchange(init))) as LocalReply | undefined
  return { bench, filter, send }
}

const post = (path: string, rest: TestRequest = {}): TestRequest => ({
  method: 'POST',
  path,
  headers: FORM,
  body: 'grant_type=client_credentials',
  ...rest,
})

t.test('the issuer gets a request as plain data, and its reply is the reply', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { send } = await made(t, issuer)
  const got = await send(
    post('/auth/token', { headers: { ...FORM, Authorization: 'Basic YTpi' }, client: '192.0.2.9' }),
  )
  t.match(got, {
    status: 200,
    reason: 'tokens_token',
    options: { body: '{"a":1}', headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } },
  })
  const { body, ...rest } = asked[0]!
  t.equal(Buffer.from(body).toString(), 'grant_type=client_credentials')
  t.strictSame(rest, {
    operation: 'token',
    method: 'POST',
    query: false,
    contentType: 'application/x-www-form-urlencoded',
    authorization: 'Basic YTpi',
    address: '192.0.2.9',
    requestId: '',
    apiKey: undefined,
  })
})

t.test('what the issuer says of caching and waiting counts; an overload says when to come again', async (t) => {
  const replies: TokenReply[] = [
    { ...OK, headers: { 'cache-control': 'max-age=60' } },
    { ...OK, status: 503, reason: 'temporarily_unavailable', headers: {} },
    { ...OK, status: 429, reason: 'throttled', headers: { 'retry-after': '30' } },
  ]
  const { issuer } = fakeIssuer(() => replies.shift()!)
  const { send } = await made(t, issuer)
  t.strictSame((await send({ path: '/auth/jwks.json' }))?.options.headers, { 'cache-control': 'max-age=60' })
  const busy = await send(post('/auth/token'))
  t.match(busy, { status: 503, reason: 'temporarily_unavailable', options: { headers: { 'Retry-After': '1' } } })
  t.strictSame((await send(post('/auth/token')))?.options.headers, {
    'Cache-Control': 'no-store',
    'retry-after': '30',
  })
})

t.test('other paths pass, without a promise', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { filter } = await made(t, issuer)
  for (const path of ['/', '/orchestrator/v1/a', '/authority', '/.well-known/security.txt'])
    t.equal(filter.request!(exchange({ path, method: 'POST' })), undefined, path)
  t.strictSame(asked, [])
})

t.test('below the prefix nothing else is served', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { send } = await made(t, issuer)
  for (const path of ['/auth', '/auth/', '/AUTH/token', '//auth/token', '/auth/token/x'])
    t.match(await send(post(path)), { status: 404, reason: 'token_endpoint_unknown' }, path)
  t.strictSame(asked, [])
})

t.test('methods', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { send } = await made(t, issuer)
  for (const path of ['/auth/token', '/auth/refresh', '/auth/revoke', '/auth/validate'])
    for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS', 'post'])
      t.match(
        await send({ path, method }),
        { status: 405, options: { headers: { Allow: 'POST' } } },
        `${method} ${path}`,
      )
  for (const path of ['/auth/user', '/auth/jwks.json', '/.well-known/openid-configuration'])
    t.match(await send(post(path)), { status: 405, options: { headers: { Allow: 'GET, HEAD' } } }, path)
  t.strictSame(asked, [])
  t.equal((await send({ path: '/auth/user', method: 'HEAD' }))?.status, 200)
  t.match(asked, [{ operation: 'user', method: 'HEAD', contentType: undefined }])
})

t.test('types and codings of bodies', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { send } = await made(t, issuer)
  for (const type of ['text/plain', 'application/jsonp', 'multipart/form-data', ''])
    t.match(
      await send(post('/auth/token', { headers: { 'Content-Type': type } })),
      { status: 415, reason: 'media_type_unsupported', options: { headers: { 'Cache-Control': 'no-store' } } },
      type,
    )
  t.equal((await send(post('/auth/token', { headers: {} })))?.status, 415)
  for (const coding of ['gzip', 'identity'])
    t.match(await send(post('/auth/token', { headers: { ...FORM, 'Content-Encoding': coding } })), {
      status: 415,
      reason: 'coding_unsupported',
    })
  t.strictSame(asked, [])
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/x-www-form-urlencoded ;a=b'])
    t.equal((await send(post('/auth/token', { headers: { 'Content-Type': type } })))?.status, 200, type)
  t.equal((await send({ method: 'POST', path: '/auth/token' }))?.status, 200, 'there is no body, and no type')
})

t.test('a body has at most 16 KiB, whether it says so or not', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { send } = await made(t, issuer)
  const body = 'a'.repeat(16 * 1024)
  for (const bytes of [body, [body.slice(1), 'a']])
    t.equal((await send(post('/auth/token', { body: bytes })))?.status, 200)
  for (const bytes of [`${body}a`, [body, 'a']])
    t.match(await send(post('/auth/token', { body: bytes })), {
      status: 413,
      options: { headers: { 'Cache-Control': 'no-store' } },
    })
  t.equal(asked.length, 2)
})

t.test('repeated fields and pages of other sites are refused', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { send } = await made(t, issuer)
  for (const headers of [
    { ...FORM, Authorization: ['Basic YTpi', 'Basic YTpj'] },
    { 'Content-Type': ['application/json', 'application/x-www-form-urlencoded'] },
  ])
    t.match(await send(post('/auth/token', { headers })), { status: 400, reason: 'field_repeated' })
  for (const site of ['cross-site', 'same-site', 'nonsense', ['none', 'cross-site']])
    t.match(await send(post('/auth/token', { headers: { ...FORM, 'Sec-Fetch-Site': site } })), {
      status: 403,
      reason: 'cross_site',
    })
  t.strictSame(asked, [])
  for (const site of ['same-origin', 'none'])
    t.equal((await send(post('/auth/token', { headers: { ...FORM, 'Sec-Fetch-Site': site } })))?.status, 200)
})

t.test('a query is told, even one that a filter before has taken out', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { filter } = await made(t, issuer)
  const x = exchange(post('/auth/token?access_token=a'))
  x.request.setQuery('')
  await filter.request!(x)
  await filter.request!(exchange(post('/auth/token?')))
  await filter.request!(exchange(post('/auth/token')))
  t.match(asked, [{ query: true }, { query: true }, { query: false }])
})

t.test('an issuer that is not there, fails or is busy is a 503', async (t) => {
  const gone = await made(t, undefined)
  const unavailable = { status: 503, reason: 'token_issuer_unavailable', options: { headers: { 'Retry-After': '1' } } }
  t.match(await gone.send(post('/auth/token')), unavailable)
  const failing = await made(t, fakeIssuer(() => Promise.reject(new Error('the primary is gone'))).issuer)
  t.match(await failing.send(post('/auth/token')), unavailable)
  t.match(failing.bench.log.lines, [{ level: 'error', message: 'the issuer of tokens has failed' }])

  const held: PromiseWithResolvers<TokenReply>[] = []
  const { issuer, asked } = fakeIssuer(() => {
    const one = Promise.withResolvers<TokenReply>()
    held.push(one)
    return one.promise
  })
  const busy = await made(t, issuer)
  const waiting = Array.from({ length: 1000 }, () => busy.send({ path: '/auth/jwks.json' }))
  t.match(await busy.send({ path: '/auth/jwks.json' }), unavailable)
  t.equal(asked.length, 1000)
  for (const { resolve } of held) resolve(OK)
  for (const got of await Promise.all(waiting)) if (got?.status !== 200) t.fail('it waited for its reply')
  const again = busy.send({ path: '/auth/jwks.json' })
  held.at(-1)!.resolve(OK)
  t.equal((await again)?.status, 200)
})

t.test('it says what it does, and does nothing for that', async (t) => {
  const { asked, issuer } = fakeIssuer()
  const { filter } = await made(t, issuer)
  const said = (path: string) => [...filter.explain!(exchange({ path }))]
  t.match(said('/auth/token'), [/replies itself \(token\)/])
  t.match(said('/auth/x'), [/replies 404 itself/])
  t.strictSame(said('/a'), [])
  t.strictSame(asked, [])
  t.not(tokens.offline, true, 'an explanation logs nobody in')
})

t.test('auth refuses nobody who comes for a token, and an endpoint gets none of it', async (t) => {
  const seen: string[] = []
  const upstream = await startUpstream((req, res) => {
    seen.push(req.url!)
    res.end('up')
  })
  t.teardown(() => upstream.close())
  const dir = t.testdir({ users: 'a:$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy\n' })
  const { asked, issuer } = fakeIssuer()
  const { inject, close } = await startGateway(
    `tokens: { issuer: "http://127.0.0.1" }
filters:
  - request-id
  - auth: { required: true, secret: "0123456789abcdef0123456789abcdef", basic: { file: users } }
  - route-match
  - proxy
endpoints: [{ name: all, path: /, url: "${upstream.url}" }]
`,
    { services: [[TokenIssuerKey, issuer]], dir },
  )
  t.teardown(close)
  t.equal((await inject({ path: '/x' })).status, 401)
  for (const headers of [{}, { Authorization: 'Basic YmF0Y2g6c2VjcmV0' }, { Authorization: 'Bearer no.token.here' }]) {
    const got = await inject({
      method: 'POST',
      path: '/auth/token',
      headers: { ...FORM, ...headers },
      body: 'a=b',
    })
    t.match([got.status, got.headers.get('cache-control'), got.body], [200, 'no-store', '{"a":1}'])
  }
  t.match(asked, [{ authorization: undefined }, { authorization: /Basic/ }, { authorization: /Bearer/ }])
  t.ok(asked.every(({ requestId }) => requestId !== ''))
  const head = await inject({ method: 'HEAD', path: '/auth/jwks.json' })
  t.match([head.status, head.body], [200, ''])
  t.equal((await inject({ method: 'POST', path: '/auth/x', body: 'password=secret' })).status, 404)
  t.strictSame(seen, [])
})
