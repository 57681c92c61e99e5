// Public bug reports of other gateways and proxies about `auth` and `cors`, each over real sockets.

import { gzipSync } from 'node:zlib'
import { hashSync } from '@node-rs/bcrypt'
import { type CompactJWSHeaderParameters, CompactSign } from 'jose'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startGateway } from '../../core/testing.ts'
import { KeyServer, type Signer, signer } from '../filters/auth/bearer/support.ts'
import { sendRaw } from '../support/client.ts'
import { startUpstream } from '../support/upstream.ts'

const SECRET = '0123456789abcdef0123456789abcdef'
const NOW = Math.floor(Date.now() / 1000)
const ORIGIN = 'https://app.example.com'
const ACRM = 'Access-Control-Request-Method: PUT'

const upstream = await startUpstream((req, res) => {
  if (req.url === '/own-cors') {
    res.setHeader('Access-Control-Allow-Origin', ['*', ORIGIN])
    res.setHeader('Access-Control-Allow-Credentials', 'true')
    res.setHeader('Vary', 'Origin')
  }
  res.end(JSON.stringify({ ...req.headers, ':path': req.url }))
})
t.teardown(() => upstream.close())

const sign = (claims: object | string, key: Parameters<CompactSign['sign']>[0], header: CompactJWSHeaderParameters) =>
  new CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
    .setProtectedHeader(header)
    .sign(key)

/** `Authorization` with a token of these claims; a text is the claims as JSON. */
const bearer = async (claims: object | string = {}): Promise<string> =>
  `Authorization: Bearer ${await sign(claims, Buffer.from(SECRET), { alg: 'HS256' })}`

const signedBy = async ({ privateKey, kid }: Signer, claims: object = {}, header: object = { kid }): Promise<string> =>
  `Authorization: Bearer ${await sign(claims, privateKey, { alg: 'ES256', ...header })}`

interface Received {
  readonly status: number
  /** Every value of a field of the response. */
  all(name: string): string[]
  /** A field of the request that the upstream got; `:path` is its target. */
  got(name: string): string | undefined
}

/** A gateway before the upstream, with these filters (YAML) before `route-match`. */
async function gateway(
  t: Test,
  filters: readonly string[],
  { endpoints = ['path: /, url: URL'], files = {} }: { endpoints?: string[]; files?: Record<string, string> } = {},
) {
  const list = endpoints.map((rest, i) => `  - { name: e${i}, ${rest.replace('URL', `"${upstream.url}"`)} }\n`)
  const chain = [...filters, 'route-match', 'method-check', 'proxy'].map((one) => `  - ${one}\n`)
  const yaml = `filters:\n${chain.join('')}endpoints:\n${list.join('')}`
  const started = await startGateway(yaml, { dir: t.testdir(files) })
  t.teardown(() => started.close())
  const ask = async (target: string, fields: readonly string[] = [], method = 'GET'): Promise<Received> => {
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: api.test', 'Connection: close', ...fields, '', '']
    const received = await sendRaw(Number(new URL(started.url).port), Buffer.from(lines.join('\r\n'), 'latin1'))
    const [head = '', body = ''] = received.split('\r\n\r\n')
    const pairs = head.split('\r\n').map((line) => /^([^:]*): *(.*)$/.exec(line)?.slice(1) ?? [])
    return {
      status: Number(head.slice(9, 12)),
      all: (name) => pairs.filter(([key]) => key?.toLowerCase() === name).map(([, value = '']) => value),
      got: (name) => (JSON.parse(body) as Record<string, string>)[name],
    }
  }
  return { ask, url: started.url }
}

const auth = (options: string): string => `auth: { secret: ${SECRET}, required: true, ${options} }`

async function keyServer(t: Test, ...signers: Signer[]): Promise<KeyServer> {
  const issuer = await new KeyServer().start()
  t.teardown(() => issuer.stop().catch(() => {}))
  issuer.signers = signers
  return issuer
}

// envoyproxy/envoy#28201, benmcollins/libjwt#188: `exp` and `iat` with a fraction are refused.
// apache/apisix#10891: an expired token passes; #7500: a second between two clocks refuses a good one.
t.test('times of tokens', async (t) => {
  const { ask } = await gateway(t, [auth('')])
  const status = async (claims: object) => (await ask('/', [await bearer(claims)])).status
  t.equal(await status({ iat: NOW - 1.5, exp: NOW + 60.25 }), 200)
  t.equal(await status({ exp: NOW - 60 }), 401)
  t.equal(await status({ nbf: NOW + 2, iat: NOW + 2 }), 200)
  t.equal(await status({ nbf: NOW + 60 }), 401)
  t.equal(await status({ exp: String(NOW + 60) }), 401, 'a text is no time')
})

// lmammino/oidc-authorizer#8, haproxytech/haproxy-lua-oauth#5: `aud` as a list. gravitee-io/issues#3250: `bearer` in lower case.
// istio/istio#8319, #8466, krakend/krakend-jose#32: scopes as a list, as words, and more of them than are needed.
// TykTechnologies/tyk#3003: one role as a text.
t.test('forms of claims', async (t) => {
  const { ask } = await gateway(t, [auth('audience: orders, scopes: [a:read, a:write], roles: [clerk]')])
  for (const scope of [
    { scope: 'a:read a:write a:update' },
    { scope: ['a:read', 'a:write'] },
    { scp: ['x', 'a:write', 'a:read'] },
  ]) {
    const line = await bearer({ aud: ['x', 'orders'], roles: 'clerk', ...scope })
    t.equal((await ask('/', [line])).status, 200, JSON.stringify(scope))
    t.equal((await ask('/', [line.replace('Bearer', 'bearer')])).status, 200)
  }
  t.equal((await ask('/', [await bearer({ aud: ['orders2'], scope: 'a:read a:write', roles: 'clerk' })])).status, 401)
  t.equal((await ask('/', [await bearer({ aud: 'orders', scope: 'a:read', roles: 'clerk' })])).status, 403)
})

// krakend/krakend-ce#146, krakend/krakend-jose#53, #68, istio/istio#21340: claims in claims, and names with dots, but not both.
// oauth2-proxy/oauth2-proxy#1370: a name with a colon.
t.test('names of claims', async (t) => {
  const cases: [claim: string, claims: object][] = [
    ['user-data.roles', { 'user-data': { roles: ['krakend'] } }],
    ['https://partners.foo.com/roles', { 'https://partners.foo.com/roles': ['krakend'] }],
    ['cognito:groups', { 'cognito:groups': ['krakend'] }],
    ['http://www.example.com.nested', { 'http://www.example.com': { nested: ['krakend'] } }],
    ['resource_access.my.shop.v1.roles', { resource_access: { my: {}, 'my.shop.v1': { roles: ['krakend'] } } }],
  ]
  for (const [claim, claims] of cases) {
    const { ask } = await gateway(t, [
      auth(`roles_claim: "${claim}", roles: [krakend], identity_headers: { X-R: "${claim}" }`),
    ])
    const passed = await ask('/', [await bearer(claims)])
    t.equal(passed.status, 200, claim)
    if (passed.status === 200) t.equal(passed.got('x-r'), 'krakend')
  }
})

// envoyproxy/gateway#4180, bluenviron/mediamtx#4451: a new key is not fetched. oidcproxydotnet/OidcProxy.Net#242: nor one that replaces another.
// zmartzone/lua-resty-openidc#468: every token with an invented `kid` fetches again.
t.test('keys that are new, and keys that are invented', async (t) => {
  const [first, second] = [signer('first'), signer('second')]
  const issuer = await keyServer(t, first)
  const { ask } = await gateway(t, [`auth: { jwks_url: "${issuer.jwks}", required: true }`])
  t.equal((await ask('/', [await signedBy(first)])).status, 200)
  issuer.signers = [first, second]
  t.equal((await ask('/', [await signedBy(second)])).status, 200)
  const replaced = await gateway(t, [`auth: { jwks_url: "${issuer.jwks}?replaced", required: true }`])
  t.equal((await replaced.ask('/', [await signedBy(second)])).status, 200)
  const third = signer('second')
  issuer.signers = [first, third]
  const young = await signedBy(third, { iat: Math.floor(Date.now() / 1000) + 2 })
  t.equal((await replaced.ask('/', [young])).status, 200)
  const before = issuer.fetches
  for (let i = 0; i < 20; i++) t.equal((await ask('/', [await signedBy(signer(`invented ${i}`))])).status, 401)
  t.equal(issuer.fetches, before, 'in the cool-down')
  t.equal((await ask('/', [await signedBy(first)])).status, 200)
})

// istio/istio#37456, #27097, #42202: an issuer that was away at the start is asked again after 20 minutes, or never.
// ory/oathkeeper#527: the gateway adds a slash to the name of the issuer.
t.test('an issuer that comes later, with a slash at its end', async (t) => {
  const key = signer('one')
  const issuer = await keyServer(t, key)
  const name = `${issuer.issuer}/`
  issuer.metadata = { issuer: name, jwks_uri: issuer.jwks }
  await issuer.stop()
  const { ask } = await gateway(t, [`auth: { issuer: "${name}", discovery: true, required: true }`])
  const line = await signedBy(key, { iss: name })
  const away = await ask('/', [line])
  t.equal(away.status, 503)
  t.ok(Number(away.all('retry-after')[0]) > 0)
  await issuer.start()
  let status = 503
  for (const until = Date.now() + 5000; status === 503 && Date.now() < until; ) status = (await ask('/', [line])).status
  t.equal(status, 200)
  t.equal((await ask('/', [await signedBy(key, { iss: issuer.issuer })])).status, 401, 'another issuer')
})

// neondatabase/neon#9676, spring-attic/spring-security-oauth#1223, coreos/go-oidc#498: a key for something else spoils the set.
// neondatabase/neon#9215: keys without `alg`. dadrus/heimdall#99, zmartzone/lua-resty-openidc#105: tokens without `kid`.
// krakend/krakend-jose#96, 3scale/APIcast#1268: the type of the response must be application/json.
// stormpath/stormpath-sdk-java#1346: a compressed response holds no key.
t.test('sets of keys as issuers publish them', async (t) => {
  const key = signer('one')
  const issuer = await keyServer(t, key)
  const { alg, ...bare } = key.jwk
  const keys = [
    { kty: 'AKP', kid: 'pq', alg: 'ML-DSA-65', pub: 'AAAA' },
    { ...signer('one').jwk, use: 'enc' },
    { kty: 'OKP', crv: 'X25519', kid: 'x', x: 'AAAA' },
    null,
    bare,
  ]
  for (const [type, gzip] of [
    ['text/plain', false],
    ['application/octet-stream', false],
    ['application/json', true],
  ] as const) {
    issuer.respond = (_req, res) => {
      res.setHeader('content-type', type)
      if (gzip) res.setHeader('content-encoding', 'gzip')
      const text = `\ufeff${JSON.stringify({ keys })}`
      res.end(gzip ? gzipSync(text) : text)
    }
    const { ask } = await gateway(t, [`auth: { jwks_url: "${issuer.jwks}?${type}", required: true }`])
    t.equal((await ask('/', [await signedBy(key)])).status, 200, `${type} ${gzip}`)
    t.equal((await ask('/', [await signedBy(key, {}, {})])).status, 200)
    t.equal((await ask('/', [await signedBy(signer('one'))])).status, 401)
  }
})

// Kong/kong#14808, #12758: what is left of the query is encoded again, and sorted. apache/apisix#6940: a key in another place goes, too.
t.test('a key is taken out of the query, and nothing else', async (t) => {
  const key = 'weir_key-of-ann-0123456789'
  const hash = `sha256:${(await import('node:crypto')).hash('sha256', key, 'base64url')}`
  const from = 'from: [{ query: apikey }, { header: x-key }]'
  const { ask } = await gateway(t, [
    `auth: { required: true, api_keys: { keys: [{ id: ann, hash: "${hash}" }], ${from} } }`,
  ])
  const path = '/data.nc.dods?z[0:1:0]&apikey=KEY&b=%2f+1&&a'.replace('KEY', key)
  t.equal((await ask(path)).got(':path'), '/data.nc.dods?z[0:1:0]&b=%2f+1&&a')
  t.equal((await ask('/x?time[0:1:0]', [`X-Key: ${key}`])).got(':path'), '/x?time[0:1:0]')
  t.equal((await ask(`/x?apikey=${key}`, ['Authorization: Basic x'])).got('authorization'), 'Basic x')
  t.equal((await ask('/x?apikey=')).status, 401)
})

// louketo/louketo-proxy#651, tmc/grpc-websocket-proxy#20, spring-cloud/spring-cloud-gateway#778: WebSocket of browsers, without a header.
t.test('a WebSocket of a browser', async (t) => {
  const sockets = new WebSocketServer({ server: upstream.server, handleProtocols: () => false })
  t.teardown(() => sockets.close())
  const offered: unknown[] = []
  sockets.on('connection', (ws, req) => {
    offered.push(req.url, req.headers['sec-websocket-protocol'])
    ws.send('hello')
  })
  const places = 'token_from: [{ subprotocol: Bearer }, { query: access_token }]'
  const { url } = await gateway(t, [auth(places)])
  const token = (await bearer()).slice('Authorization: Bearer '.length)
  const open = (path: string, protocols: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const ws = new WebSocket(url.replace('http', 'ws') + path, protocols)
      ws.on('message', (text) => resolve(`${String(text)} ${ws.protocol}`)).on('message', () => ws.close())
      ws.on('error', reject)
    })
  t.equal(await open('/a', ['Bearer', token]), 'hello Bearer')
  t.equal(await open(`/b?x=1&access_token=${token}`, []), 'hello ')
  t.strictSame(offered, ['/a', undefined, '/b?x=1', undefined])
  await t.rejects(open('/c?access_token=no', []), /401/)
})

// apache/apisix#13835, Kong/kong#2986: a password with a colon. Kong/kong#3286: an empty one. envoyproxy/gateway#8554: a file with CR LF.
// gevorg/http-auth#71: an empty line lets everybody in. yegor256/s3auth#109: other letters than ASCII.
t.test('users and passwords', async (t) => {
  const line = (user: string, password: string) => `${user}:${hashSync(password, 4)}`
  const users = [line('ann', 's43:Pos:bw'), '', '# comment', line('bob', ''), line('Йо', 'пароль')]
  const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}`
  for (const mark of ['', '\ufeff']) {
    const files = { users: `${mark}${users.join('\r\n')}\r\n` }
    const { ask } = await gateway(t, ['auth: { required: true, basic: { file: users } }'], { files })
    for (const good of ['ann:s43:Pos:bw', 'bob:', 'Йо:пароль'])
      t.equal((await ask('/', [basic(good)])).status, 200, good)
    for (const bad of ['ann:s43', 'ann:', ':', '# comment:', 'bob:x'])
      t.equal((await ask('/', [basic(bad)])).status, 401, bad)
  }
})

// envoyproxy/envoy#6435, cisagov/Malcolm#1055, #1106: another spelling of the path is no path of the rule.
t.test('rules and spellings of a path', async (t) => {
  const rules = 'rules: [{ path: /admin, roles: [admin] }, { path: /, methods: [GET] }]'
  const { ask } = await gateway(t, [auth(rules)])
  const line = await bearer({ roles: ['reader'] })
  for (const path of [
    '/admin',
    '/admin/x',
    '/%61dmin',
    '/x/../admin',
    '/./admin',
    '//admin',
    '/x%2f..%2fadmin',
    '/admin;x',
  ])
    t.notOk((await ask(path, [line])).status < 400, path)
  t.equal((await ask('/info', [line])).status, 200)
  t.equal((await ask('/info', [line], 'POST')).status, 403)
})

// oauth2-proxy/oauth2-proxy#877, envoyproxy/envoy#35553: what clients send stays, or is added to. oauth2-proxy/oauth2-proxy#3013: one of a list.
// louketo/louketo-proxy#664, travisghansen/external-auth-server#161: other letters than ASCII fail. traefik-plugins/traefik-jwt-plugin#15,
// hasura/graphql-engine#5558: ids that are numbers arrive as 2.292647e+06, or their tokens do not pass.
t.test('what the upstream learns about the caller', async (t) => {
  const { ask } = await gateway(t, [
    `auth: { secret: ${SECRET}, identity_headers: { X-User: sub, X-Groups: groups, X-Name: name, X-Id: id } }`,
  ])
  const forged = ['X-User: root', 'X-Groups: admins', 'x_groups: admins', 'X-Id: 1']
  const anonymous = await ask('/', forged)
  for (const name of ['x-user', 'x-groups', 'x-name', 'x-id', 'x_groups']) t.equal(anonymous.got(name), undefined)
  const known = await ask('/', [
    ...forged,
    await bearer({ sub: 'ann', groups: ['users', 'a,b'], name: 'Žiga 公司', id: 2292647 }),
  ])
  t.equal(known.got('x-user'), 'ann')
  t.equal(known.got('x-groups'), 'users,a%2Cb')
  t.equal(known.got('x-name'), '%C5%BDiga %E5%85%AC%E5%8F%B8')
  t.equal(known.got('x-id'), '2292647')
  const none = await ask('/', [...forged, await bearer({ groups: [] })])
  for (const name of ['x-user', 'x-groups', 'x-id']) t.equal(none.got(name), undefined)
  for (const id of ['42', '9007199254740993', '1234567890123456789012', '-9007199254740993']) {
    const numbered = await ask('/', [await bearer(`{"sub":${id},"id":${id},"groups":[${id}]}`)])
    for (const name of ['x-id', 'x-groups']) t.equal(numbered.got(name), id)
    if (id === '42') t.equal(numbered.got('x-user'), undefined, 'a number is no subject')
  }
})

// Kong/kong#2643, #852, #4423: preflights are asked for a token, or a role. #4859: a route for POST has none. #4898: every OPTIONS is one.
// oauth2-proxy/oauth2-proxy#735: what looks like a preflight gets past auth.
t.test('preflights and auth', async (t) => {
  const cors = `cors: { origins: ["${ORIGIN}"], credentials: true }`
  const endpoints = ['path: /, url: URL, methods: [PUT, OPTIONS]']
  const { ask } = await gateway(t, [cors, auth('rules: [{ path: /, roles: [clerk] }]')], { endpoints })
  const origin = `Origin: ${ORIGIN}`
  const preflight = await ask('/', [origin, ACRM, 'Access-Control-Request-Headers: authorization, x-a'], 'OPTIONS')
  t.equal(preflight.status, 204)
  t.strictSame(preflight.all('access-control-allow-headers'), ['authorization, x-a'])
  const clerk = await bearer({ roles: ['clerk'] })
  t.equal((await ask('/', [origin, clerk], 'OPTIONS')).got('origin'), ORIGIN)
  for (const [method, ...fields] of [
    ['OPTIONS', origin],
    ['OPTIONS', ACRM],
    ['PUT', origin, ACRM],
    ['PUT', origin, ACRM, 'X-Original-Method: OPTIONS', 'X-HTTP-Method-Override: OPTIONS'],
  ] as const)
    t.equal((await ask('/', fields, method)).status, 401, `${method} ${fields.join()}`)
  t.equal((await ask('/', ['Origin: https://evil.example', ACRM], 'OPTIONS')).status, 403)
})

// gravitee-io/issues#1576, apex/up#661, Accenture/reactive-interaction-gateway#344: pages can't read errors.
// envoyproxy/envoy#35873, rs/cors#10, expressjs/cors#106: no `Vary` where there is no Origin, or a strange one.
// spring-cloud/spring-cloud-gateway#1579, #728, spring-cloud/spring-cloud-netflix#1250: fields twice if the upstream does CORS, too.
t.test('fields of CORS, once, in every response', async (t) => {
  const endpoints = [
    'path: /, url: URL',
    'path: /down, url: "http://127.0.0.1:1"',
    'path: /late, url: URL, methods: [GET]',
    'path: /clerks, url: URL, filters: { auth: { required: true, roles: [clerk] } }',
  ]
  const cors = `cors: { origins: ["${ORIGIN}"], credentials: true }`
  const { ask } = await gateway(t, [cors, `auth: { secret: ${SECRET} }`], { endpoints })
  const origin = `Origin: ${ORIGIN}`
  const cases: [number, string, string[]?, string?][] = [
    [200, '/own-cors'],
    [401, '/clerks', ['Authorization: Bearer a.b.c']],
    [403, '/clerks', [await bearer({ roles: ['x'] })]],
    [405, '/late', [], 'POST'],
    [502, '/down'],
    [400, '/%zz'],
    [
      401,
      '/clerks',
      [
        'Connection: upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ],
    ],
  ]
  for (const [status, path, fields = [], method] of cases) {
    const allowed = await ask(path, [origin, ...fields], method)
    t.equal(allowed.status, status)
    t.strictSame(allowed.all('access-control-allow-origin'), [ORIGIN], path)
    t.strictSame(allowed.all('access-control-allow-credentials'), ['true'])
    for (const other of [[], ['Origin: https://evil.example'], ['Origin: null']]) {
      const strange = await ask(path, [...other, ...fields], method)
      t.strictSame(strange.all('access-control-allow-origin'), [])
      t.strictSame(
        strange.all('vary').filter((one) => /origin/i.test(one)),
        ['Origin'],
        `${path} ${other.join()}`,
      )
    }
  }
})

// wso2/api-manager#3832: `test-example-org.evil.test` fits `*.example.org`. apache/apisix#9027: `*` beside a pattern allows all.
// apache/apisix#11498: an Origin with a comma. traefik/traefik#13368, bitly/oauth2_proxy#518: `*` with credentials.
t.test('origins that only look like one that is allowed', async (t) => {
  const { ask } = await gateway(t, ['cors: { origins: ["https://*.example.org"], credentials: true }'])
  const allowed = async (origin: string) => (await ask('/', [`Origin: ${origin}`])).all('access-control-allow-origin')
  t.strictSame(await allowed('https://a.b.example.org'), ['https://a.b.example.org'])
  for (const other of [
    'https://test-example-org.evil.test',
    'https://a-example.org',
    'https://aexample.org',
    'https://a.example.org.evil.test',
    'https://a.example.orgs',
    'https://evil.test/.example.org',
    'https://evil.test,https://a.example.org',
    'https://a.example.org, https://evil.test',
    'https://evil.test?.example.org',
    'http://a.example.org',
    'https://a.example.org:8443',
  ])
    t.strictSame(await allowed(other), [], other)
  const both = gateway(t, ['cors: { origins: ["*", "https://*.example.org"] }'])
  await t.rejects(both, /allows every origin/)
  await t.rejects(gateway(t, ['cors: { origins: ["*"], credentials: true }']), /every site/)
})
