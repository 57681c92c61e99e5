import t from 'tap'
import { endpoint, filter, parse, problems, warnings } from '../support.ts'

const chain = (text: string): [string, string, unknown][] =>
  parse(text).spec.listeners[0]?.chain.map((entry) => [entry.name, entry.factory, entry.options]) ?? []

t.test('an entry is a name, a name with options, or the long form', async (t) => {
  const config = parse(`
filters:
  - request-id
  - auth: { algorithm: HS256 }
  - { filter: cors, name: cors-a, options: { origins: [a] } }
  - { filter: cors }
  - compress:
  - cache: on
  - proxy: {}
`)
  t.same(
    config.spec.listeners[0]?.chain.map(({ name, factory, options, at }) => ({ name, factory, options, at })),
    [
      { name: 'request-id', factory: 'request-id', options: {}, at: ['filters', 0] },
      { name: 'auth', factory: 'auth', options: { algorithm: 'HS256' }, at: ['filters', 1, 'auth'] },
      { name: 'cors-a', factory: 'cors', options: { origins: ['a'] }, at: ['filters', 2, 'options'] },
      { name: 'cors', factory: 'cors', options: {}, at: ['filters', 3] },
      { name: 'compress', factory: 'compress', options: {}, at: ['filters', 4, 'compress'] },
      { name: 'cache', factory: 'cache', options: {}, at: ['filters', 5, 'cache'] },
      { name: 'proxy', factory: 'proxy', options: {}, at: ['filters', 6, 'proxy'] },
    ],
  )
  t.same(config.document.locate(['filters', 2, 'options', 'origins']), { file: 'weir.yaml', line: 5, col: 46 })
})

t.test('off leaves a filter out, as false does', async (t) => {
  t.same(
    chain('filters: [request-id, { breaker: off }, { auth: false }, proxy]').map(([name]) => name),
    ['request-id', 'proxy'],
  )
})

t.test('what is no entry is a problem', async (t) => {
  const one = (text: string): string => problems(text).join('\n')
  t.equal(one('filters: []'), '1:1 filters: the chain is empty: it needs at least a terminal filter, such as proxy')
  t.equal(
    one('filters: [{ proxy: off }]'),
    '1:1 filters: the chain is empty: it needs at least a terminal filter, such as proxy',
  )
  t.equal(one('filters: proxy'), '1:1 filters: expected a list of filters, found "proxy"')
  t.equal(one('filters:'), '1:1 filters: expected a list of filters, found nothing')
  t.equal(one('filters: [3]'), '1:11 filters[0]: expected a filter: its name, or name: options; found 3')
  t.equal(one('filters: [{}]'), '1:11 filters[0]: an empty mapping is not a filter')
  t.match(
    one('filters:\n  - auth:\n    algorithm: HS256\n'),
    /^2:5 filters\[0\]: an entry of a chain is one filter, found "auth", "algorithm"\. Indent options/,
  )
  t.equal(one('filters: [{ auth: 3 }]'), '1:13 filters[0].auth: expected options (a mapping) or off, found 3')
  t.equal(one('filters: [{ filter: a, nmae: b }]'), '1:24 filters[0].nmae: unknown key "nmae". Did you mean "name"?')
  t.equal(one('filters: [{ filter: 3 }]'), '1:13 filters[0].filter: expected a text, found 3')
  t.equal(one('filters: ["a b"]'), '1:11 filters[0]: expected the name of a filter, such as rate-limit; found "a b"')
  t.equal(
    one('admin: { filters: [] }'),
    '1:10 admin.filters: the chain is empty: it needs at least a terminal filter, such as proxy',
  )
})

t.test('names are unique in a chain', async (t) => {
  t.same(problems('filters:\n  - cors\n  - proxy\n  - cors: { a: 1 }\n'), [
    '4:5 filters[2].cors: the chain has two filters named "cors", the first at filters[0] (line 2): give one of them another: { filter: …, name: …, options: … }',
  ])
  t.match(problems('filters: [{ filter: a, name: x }, { filter: b, name: x }]'), [
    /^1:48 filters\[1\]\.name: the chain has two/,
  ])
})

t.test('a chain that could not be read causes no further problems', async (t) => {
  t.same(problems(endpoint('methods: [GET]\nfilters: { other: {} }', 'filters: [3]\nauth_algorithm: HS256')).length, 1)
})

t.test('the admin listener has a chain of its own', async (t) => {
  const [, admin] = parse('admin: { listen: 9001, filters: [{ auth: { algorithm: RS256 } }, admin] }').spec.listeners
  t.match(admin, { host: '127.0.0.1', port: 9001, requires: [] })
  t.same(
    admin?.chain.map((entry) => entry.at),
    [
      ['admin', 'filters', 0, 'auth'],
      ['admin', 'filters', 1],
    ],
  )
})

t.test('an admin listener that others can reach requires authentication', async (t) => {
  const requires = (listen: string): unknown => parse(`admin: { listen: "${listen}" }`).spec.listeners[1]?.requires
  for (const local of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1', '1']) t.same(requires(local), [], local)
  for (const open of [':1', '*:1', '0.0.0.0:1', '[::]:1', '192.0.2.1:1', 'localhost.example.com:1', '[::2]:1'])
    t.same(requires(open), ['authentication'], open)
  const auth = (listen: string, options = '') =>
    parse(`admin: { listen: "${listen}", filters: [{ auth: {${options}} }, admin] }`).spec.listeners[1]?.chain[0]
      ?.options
  t.same(auth(':1'), { required: true }, 'so that a missing token is a 401')
  t.same(auth('127.0.0.1:1'), {})
  t.match(problems('admin: { listen: ":1", filters: [{ auth: { required: false } }, admin] }'), [
    /admin.filters\[0\].auth.required: an admin listener that other machines can reach requires a token/,
  ])
})

t.test('two sockets want different addresses', async (t) => {
  t.same(problems('listen: 8001'), [
    `1:1 listen: the proxy listener (:8001) and the admin listener (127.0.0.1:8001) can't listen on the same address`,
  ])
  t.match(problems('listen: "[::1]:1"\nadmin: { listen: "[::]:1" }\necho: { listen: 127.0.0.1:2 }'), [
    /^2:10 admin.listen: the proxy listener \(\[::1\]:1\)/,
  ])
  t.match(problems('echo: { listen: 8001 }'), [/^1:9 echo.listen/])
  t.same(problems('listen: 127.0.0.1:1\nadmin: { listen: "[::1]:1" }'), [])
  t.same(problems('listen: 0\nadmin: { listen: 0 }'), [])
  t.equal(problems('listen: x\nadmin: { listen: 8000 }').length, 1)
})

t.test('flat keys of the document go to the filters that own them', async (t) => {
  const config =
    parse(`filters: [{ filter: auth, name: jwt }, route-match, { filter: breaker, name: b, options: { x: 1 } }, proxy]
circuit_breaker: { reset_timeout: 60 }
auth_algorithm: HS256
auth_issuer: me
auth_audience: [a, b]
debug: true
`)
  t.same(filter(config, 'jwt')?.options, { algorithm: 'HS256', issuer: 'me', audience: ['a', 'b'] })
  t.same(filter(config, 'jwt')?.origins, {
    algorithm: ['auth_algorithm'],
    issuer: ['auth_issuer'],
    audience: ['auth_audience'],
  })
  t.same(filter(config, 'b')?.options, { x: 1, reset_timeout: 60 })
  t.same(filter(config, 'b')?.at, ['filters', 2, 'options'])
  t.same(filter(config, 'b')?.origins, { reset_timeout: ['circuit_breaker', 'reset_timeout'] })
  t.same(filter(config, 'route-match')?.options, { debug: true })
})

t.test('given twice, naming both places', async (t) => {
  t.same(problems('filters:\n  - breaker: { a: 1, b: 2 }\n  - proxy\ncircuit_breaker:\n  b: 3\n  c: 4\n'), [
    '5:3 circuit_breaker.b: given twice: circuit_breaker.b is the same as filters[0].breaker.b (line 2). Remove one of them',
  ])
})

t.test('a flat key without its filter is a warning', async (t) => {
  const rest = endpoint('timeout: 30\nmethods: [GET]')
  t.same(
    warnings(
      `filters: [route-match, { breaker: off }, admin]\ncircuit_breaker: { a: 1 }\nauth_issuer: x\nmetrics_enabled: true\n${rest}`,
    ),
    [
      '2:1 circuit_breaker: this has no effect: filters[1].breaker (line 1) turns breaker off',
      '3:1 auth_issuer: this has no effect: the chain has no auth filter',
      '4:1 metrics_enabled: this has no effect: the chain has no metrics filter',
      '8:5 endpoints[0].timeout: this has no effect: the chain has no proxy filter',
      '9:5 endpoints[0].methods: this has no effect: the chain has no method-check filter',
    ],
  )
})

t.test('a flat key that could mean several filters is a problem', async (t) => {
  t.same(problems('filters: [breaker, { filter: breaker, name: b2 }, proxy]\ncircuit_breaker: { a: 1 }'), [
    '2:1 circuit_breaker: the chain has several breaker filters ("breaker" and "b2"): write the option at one of them',
  ])
})

t.test('metrics_enabled: false leaves metrics out', async (t) => {
  t.notOk(filter(parse('metrics_enabled: false'), 'metrics'))
  t.ok(filter(parse('metrics_enabled: true'), 'metrics'))
  const off = `metrics_enabled: false\n${endpoint('filters: { metrics: off }')}`
  t.same(parse(off).spec.endpoints[0]?.filters, {})
  t.same(warnings(off), [])
  t.same(warnings(`metrics_enabled: false\n${endpoint('filters: { metrics: { a: 1 } }')}`), [
    '5:16 endpoints[0].filters.metrics: this has no effect: metrics_enabled (line 1) turns "metrics" off',
  ])
})

t.test('what the document says of tokens holds for the admin listener too', async (t) => {
  const options = (text: string): unknown => parse(text).spec.listeners[1]?.chain[0]?.options
  t.same(options('admin: { filters: [auth, admin] }\nauth_algorithm: ES256\nauth_audience: a'), {
    algorithm: 'ES256',
    audience: 'a',
  })
  t.same(options('admin: { filters: [{ auth: { audience: b } }, admin] }\nauth_audience: a'), { audience: 'b' })
  t.same(
    warnings(`filters: [proxy]\nadmin: { filters: [auth, admin] }\nauth_issuer: x\n${endpoint('disabled: true')}`),
    [],
  )
})

t.test('a time limit for hooks', async (t) => {
  const { spec } = parse('filters: [{ filter: auth, hook_timeout: 250ms }, route-match, proxy]')
  t.same(
    spec.listeners[0]!.chain.map(({ name, hookTimeoutMs }) => [name, hookTimeoutMs]),
    [
      ['auth', 250],
      ['route-match', undefined],
      ['proxy', undefined],
    ],
  )
  t.match(problems('filters: [{ filter: auth, hook_timeout: 0 }, proxy]'), [
    /hook_timeout: expected a duration above 0/,
  ])
})
