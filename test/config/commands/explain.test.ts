import { readdirSync } from 'node:fs'
import t from 'tap'
import { defineFilter } from '../../../core/api/filter-factory.ts'
import { inFolder, weir } from './support.ts'

const SECRET = '0123456789abcdef0123456789abcdef'
const TEXT = `auth_issuer: https://id.example.com
filters:
  - request-id
  - auth:
      secret: \${JWT:-${SECRET}}
  - route-match
  - method-check
  - breaker: { failure_threshold: 3 }
  - proxy
  - metrics
endpoints:
  - name: orders
    version: v1
    url: http://one.internal:1/api
    auth_type: bearer
    roles: [customer, admin]
    timeout: 5s
  - name: orders
    version: v2
    url: \${TWO:-http://two.internal}
    filters: { breaker: off }
  - { name: shop, url: "http://shop.internal", path: /shop, methods: [GET] }
  - { name: inner, url: "http://inner.internal", path: /shop/in, host: inner.example.org }
  - { name: old, url: "http://old.internal", disabled: true }
`

interface Explained {
  request: object
  endpoint: { id: string; path: string } | null
  filters: { name: string; decision: string; line?: number; options: Record<string, unknown>[]; notes: string[] }[]
  end: Record<string, unknown>
}

async function explained(
  args: readonly string[],
): Promise<Explained & { of(name: string): Explained['filters'][number] }> {
  const found = (await weir(['explain', ...args, '--json'])).json() as unknown as Explained
  return { ...found, of: (name) => found.filters.find((filter) => filter.name === name)! }
}

t.test('a request that is refused', async (t) => {
  inFolder(t, { 'weir.yaml': TEXT })
  const { out, code, err } = await weir(['explain', 'get', '/orchestrator/v1/orders/42?x=1'])
  t.equal(code, 0)
  t.equal(err, '')
  t.match(
    out,
    /^GET http:\/\/localhost\/orchestrator\/v1\/orders\/42\?x=1\nlistener proxy\nendpoint v1\/orders \(weir\.yaml:12\)/,
  )
  t.match(out, /^ 2 {2}auth +weir\.yaml:4 +replies 401 token_missing$/m)
  t.match(out, /^ +secret: \$\{JWT:-\*\*\*\} +weir\.yaml:5$/m)
  t.match(out, /^ +issuer: https:\/\/id\.example\.com +weir\.yaml:1$/m)
  t.match(out, /^ +roles: \[customer, admin\] +weir\.yaml:16$/m)
  t.match(out, /^ +clock_tolerance: 5s +default$/m)
  t.match(out, /^ +- demands a token signed with HS256 with one of the roles\n +- key: the option secret$/m)
  t.match(out, /^ 4 {2}method-check +weir\.yaml:7 +not reached$/m)
  t.match(out, /\n"auth" responds with 401 token_missing\. A bearer token is needed\.\n$/)
  t.notMatch(out, SECRET)
})

t.test('a request that goes through', async (t) => {
  inFolder(t, { 'weir.yaml': TEXT })
  const { endpoint, end, of, request } = await explained(['GET', 'https://api.example.com/shop/in/x?api_key=abc&y=1'])
  t.match(request, { method: 'GET', url: 'https://api.example.com/shop/in/x?api_key=***&y=1', listener: 'proxy' })
  t.match(endpoint, { id: 'shop', route: '/shop', path: '/shop/in/x', file: 'weir.yaml', line: 22 })
  t.equal(of('auth').decision, 'continues')
  t.strictSame(of('route-match').notes, [
    'shop: chosen, /shop leads to it',
    'inner: matches, but only on inner.example.org',
    '3 others do not match',
  ])
  t.equal(of('breaker').decision, 'not known without running it')
  t.match(of('breaker').notes[0], /opens after 3 failures in a row/)
  t.match(of('breaker').options[0], { name: 'failure_threshold', value: 3, line: 8 })
  t.match(end, { kind: 'call', filter: 'proxy', url: 'http://shop.internal/shop/in/x?api_key=***&y=1' })
  t.equal(of('metrics').decision, 'does nothing before the upstream')
  t.match(
    (await weir(['explain', 'GET', '/shop'])).out,
    /"proxy" calls http:\/\/shop\.internal\/shop, if "breaker" lets it pass\n$/,
  )
})

t.test('what is off, and where that is said; a target from the environment is not resolved', async (t) => {
  inFolder(t, { 'weir.yaml': TEXT })
  const { of, end } = await explained(['GET', '/orchestrator/orders/7'])
  t.match(of('breaker'), { decision: 'off', file: 'weir.yaml', line: 21, options: [] })
  t.match(end, { kind: 'call', url: `\${TWO:-http://two.internal}/7` })
  t.equal(of('route-match').notes[1], '4 others do not match', 'v1 has not the name alone')
})

t.test('routing by host, by length, disabled, and nowhere', async (t) => {
  inFolder(t, { 'weir.yaml': TEXT })
  const inner = await explained(['GET', '/shop/in', '-H', 'Host: inner.example.org:8000'])
  t.equal(inner.endpoint?.id, 'inner')
  t.match(inner.of('route-match').notes, ['inner: chosen', 'shop: matches too, but inner names the host more exactly'])
  const old = await explained(['GET', '/orchestrator/old'])
  t.match(old.end, { kind: 'reply', status: 503, reason: 'endpoint_disabled' })
  t.match(old.of('route-match').notes[0], /it is disabled/)
  const nowhere = await explained(['GET', '/orchestrator/v1/ordres'])
  t.match(nowhere.end, { kind: 'reply', status: 404, reason: 'no_route', filter: 'route-match' })
  t.strictSame(nowhere.of('route-match').notes, ['no endpoint matches', 'near: v1/orders, v2/orders'])
  t.strictSame((await explained(['GET', '/a/../b'])).of('route-match').notes, [])
  t.match((await explained(['POST', '/shop'])).end, { status: 405, reason: 'method_not_allowed' })
})

t.test('spellings, and an endpoint that is out of service and needs a token, as a request meets them', async (t) => {
  inFolder(t, {
    'weir.yaml': `filters: [{ auth: { secret: ${SECRET} } }, route-match, proxy]
endpoints:
  - { name: cafe, path: /café, by_name: true, url: "http://cafe/c", auth_type: bearer, disabled: true }
  - { name: rest, path: /, url: "http://rest" }
`,
  })
  for (const path of ['/caf%c3%a9/x', '/c%61f%C3%A9', '/%6Frchestrator/cafe']) {
    const { endpoint, end, of } = await explained(['GET', path])
    t.equal(endpoint?.id, 'cafe', path)
    t.match(end, { kind: 'reply', status: 401, reason: 'token_missing', filter: 'auth' }, path)
    t.match(of('route-match').notes[0], /^cafe: chosen, .* leads to it; it is disabled$/)
  }
  t.match((await explained(['GET', '/a%zz'])).end, { kind: 'reply', status: 400, reason: 'path_invalid' })
  t.match((await explained(['GET', '/caf%e9'])).end, { kind: 'reply', status: 400, reason: 'path_invalid' })
  t.match((await explained(['GET', '/%7Ex'])).end, { kind: 'call', url: 'http://rest/%7Ex' })
})

t.test('why an endpoint that matches is not the one', async (t) => {
  const nested = Array.from(
    { length: 12 },
    (_, i) => `  - { name: many${i + 1}, url: "http://many", path: /many${'/x'.repeat(i)} }\n`,
  )
  inFolder(t, {
    'weir.yaml': `endpoints:
  - { name: one, url: "http://one", path: /a }
  - { name: two, url: "http://two", path: /a/b }
  - { name: post, url: "http://post", match: [{ path: "/a/{x}/c", methods: [POST] }] }
  - { name: beta, url: "http://beta", match: [{ path: /a, headers: { x-beta: 1 } }] }
  - { name: wild, url: "http://wild", path: /a, host: "*.example.org" }
  - { name: exact, url: "http://exact", path: /a, host: x.example.org }
${nested.join('')}`,
  })
  const notes = async (...args: string[]): Promise<string[]> =>
    (await explained(['GET', ...args])).of('route-match').notes
  t.strictSame((await notes('/a/b/c')).slice(0, 4), [
    'two: chosen, /a/b leads to it',
    'post: /a/{x}/c matches, but not with GET',
    'beta: /a matches, but its condition on header "x-beta" is not met',
    'one: matches too, but /a/b comes first',
  ])
  t.strictSame((await notes('/a', '-H', 'X-Beta: 1')).slice(0, 2), [
    'beta: chosen, /a leads to it',
    'one: matches too, but beta has more conditions',
  ])
  t.match(await notes('http://x.example.org/a'), [
    'exact: chosen, x.example.org/a leads to it',
    'wild: matches too, but exact names the host more exactly',
    'beta: /a matches, but its condition on header "x-beta" is not met',
    'one: matches too, but exact names the host more exactly',
  ])
  t.match((await notes('http://y.example.org/a'))[0], 'wild: chosen, *.example.org/a leads to it')
  t.match((await notes('//a'))[0], /^Expected a path that all servers read in the same way/)
  const many = await notes(`/many${'/x'.repeat(11)}`)
  t.equal(many[0], `many12: chosen, /many${'/x'.repeat(11)} leads to it`)
  t.strictSame([many.length, many.at(-1)], [12, 'and 1 more that matches'])
})

t.test('credentials of the request are used and not shown', async (t) => {
  inFolder(t, { 'weir.yaml': TEXT })
  const { out } = await weir(['explain', 'GET', '/orchestrator/v1/orders', '-H', 'Authorization: Bearer aaa.bbb.ccc'])
  t.match(out, /"auth" responds with 401 token_invalid/)
  t.notMatch(out, /aaa\.bbb/)
})

t.test('secrets, nested and written out', async (t) => {
  const own = `export default { name: 'own', apiVersion: 1, options: { '~standard': { version: 1, vendor: 'x',
    validate: (value) => ({ value }), jsonSchema: { input: () => { throw new Error('none') } } } }, create: () => ({ request() {} }) }\n`
  inFolder(t, {
    'own.js': own,
    'weir.yaml': `plugins: [./own.js]
filters:
  - own: { password: 12345, list: [{ apiKey: hidden1 }], url: "http://u:hidden2@x/y", tokens: [hidden3], mixed_secret: "hidden4\${X:-y}", on: true, "a b": null }
  - route-match
  - proxy
endpoints: [{ name: a, url: "http://a" }]
`,
  })
  const { out } = await weir(['explain', 'GET', '/orchestrator/a'])
  t.notMatch(out, /hidden|12345/)
  t.match(out, /password: \*\*\* /)
  t.match(out, /list: \[\{ apiKey: \*\*\* \}\]/)
  t.match(out, /url: http:\/\/…@x\/y/)
  t.match(out, /tokens: \[\*\*\*\]/)
  t.match(out, /^ 1 {2}own +weir\.yaml:3 +not known without running it$/m)
  t.match(out, /"proxy" calls http:\/\/a, if "own" lets it pass\n$/)
})

t.test('another listener, and a chain that is nowhere written', async (t) => {
  inFolder(t, { 'weir.yaml': 'endpoints: [{ name: a, url: "http://a" }]\n' })
  const { out } = await weir(['explain', 'GET', 'http://localhost:8001/livez'])
  t.match(
    out,
    /listener admin\nno endpoint\n\n 1 {2}admin {2}\(default chain\) {2}responds; the response is not known[^\n]*\n(?: {6}\w+: \S+ +default\n){3}\n"admin" responds\n$/,
  )
  const auth = await weir(['explain', 'GET', '/orchestrator/a'])
  t.match(auth.out, /auth +\(default chain\) +continues/)
  t.match(auth.out, /demands nothing[^\n]*\n +- key: none, no token is valid/)
})

t.test('a requirement that only a plugin could meet', async (t) => {
  const guard = defineFilter({
    name: 'guard',
    apiVersion: 1,
    enforces: ['authentication'],
    create: () => ({ routed() {} }),
  })
  inFolder(t, {
    'weir.yaml': 'filters: [guard, route-match, proxy]\nendpoints: [{ name: a, url: "http://a", auth_type: bearer }]\n',
  })
  const { out } = await weir(['explain', 'GET', '/orchestrator/a'], { filters: [guard] })
  t.match(out, /The result is not known without running it: whether "guard" satisfies "authentication"\.\n$/)
  t.match(out, /^ 3 {2}proxy .*not reached$/m)
})

t.test('it writes nothing', async (t) => {
  const dir = inFolder(t, { 'weir.yaml': TEXT })
  await weir(['explain', 'GET', '/orchestrator/v2/orders'])
  t.strictSame(readdirSync(dir), ['weir.yaml'])
  inFolder(t)
  t.equal((await weir(['explain', 'GET', '/'])).code, 78, 'not even a configuration')
  t.strictSame(readdirSync('.'), [])
})

t.test('what is on at the endpoint alone, and what a group turns off', async (t) => {
  inFolder(t, {
    'weir.yaml': `filters:
  - { filter: body-limit, off: true, options: { max_size: 9 } }
  - request-id: off
  - route-match
  - breaker
  - proxy
groups:
  calm: { breaker: off, body-limit: on }
endpoints:
  - { name: plain, url: "http://h" }
  - name: own
    url: http://h
    use: [calm]
`,
  })
  const plain = await explained(['GET', '/orchestrator/plain'])
  t.match(plain.of('body-limit'), { decision: 'off', line: 2, by: 'chain', options: [] })
  t.match(plain.of('request-id'), { decision: 'off', line: 3 })
  const own = await explained(['POST', '/orchestrator/own'])
  t.match(own.of('body-limit'), {
    decision: 'continues',
    line: 8,
    by: 'group calm',
    options: [{ name: 'max_size', value: 9, line: 2 }],
  })
  t.match(own.of('breaker'), { decision: 'off', line: 8, by: 'group calm' })
  const { out } = await weir(['explain', 'POST', '/orchestrator/own'])
  t.match(out, /^ 1 {2}body-limit +weir\.yaml:8 +continues \(group calm\)$/m)
  t.match(out, /^ 4 {2}breaker +weir\.yaml:8 +off \(group calm\)$/m)
})
