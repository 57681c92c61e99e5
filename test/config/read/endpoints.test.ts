import t from 'tap'
import type { EndpointSpec } from '../../../core/control/gateway-spec.ts'
import { endpoint, parse, problems, warnings } from '../support.ts'

const first = (text: string): EndpointSpec => {
  const [spec] = parse(text).spec.endpoints
  if (spec === undefined) throw new Error('no endpoint')
  return spec
}
const withUrl = (url: string): string => `endpoints:\n  - name: a\n    url: ${JSON.stringify(url)}\n`

t.test('a URL becomes a target', async (t) => {
  const target = (url: string): unknown => first(withUrl(url)).endpoint.targets[0]
  t.same(target('https://api.example.com/base/'), {
    url: 'https://api.example.com/base',
    origin: 'https://api.example.com',
    host: 'api.example.com',
    basePath: '/base',
    weight: 1,
  })
  t.match(target('http://127.0.0.1:8002'), { origin: 'http://127.0.0.1:8002', host: '127.0.0.1:8002', basePath: '' })
  t.match(target('HTTP://[::1]:80/'), { origin: 'http://[::1]', host: '[::1]', basePath: '' })
  t.match(target('http://h/a%20b/c'), { basePath: '/a%20b/c' })
  const [given] = first('endpoints: [{ name: a, targets: [{ url: "http://h", weight: 3 }] }]').endpoint.targets
  t.match(given, { origin: 'http://h', weight: 3 })
})

t.test('a URL that is none, or says too much, is a problem', async (t) => {
  const one = (url: string): string => problems(withUrl(url)).join('\n').replace('3:5 endpoints[0].url: ', '')
  for (const url of ['', 'host', 'http:/host', 'http:\\\\host', 'http://', 'http://a b', 'http://a\tb', '//host'])
    t.match(one(url), /^expected a URL such as/, url)
  t.match(one('ftp://host'), /^expected a URL that starts with http:\/\/ or https:\/\/, found "ftp:\/\/host"$/)
  for (const url of ['http://u@host', 'http://u:p@host', 'http://@host', 'http://:@host'])
    t.match(one(url), /^a URL here can't hold a user name/, url)
  for (const url of ['http://host?', 'http://host/?a=b']) t.match(one(url), /^a URL here can't have a query/, url)
  for (const url of ['http://host#', 'http://host/#a']) t.match(one(url), /^a URL here can't have a fragment/, url)
  t.match(one('http://host:0/'), /^expected a port/)
  t.match(one('http://host:99999/'), /^expected a URL/)
})

t.test('the status, and its short form', async (t) => {
  const status = (text: string): unknown => parse(endpoint(text)).spec.endpoints[0]?.endpoint.status
  t.equal(status('disabled: false'), 'active')
  t.equal(status('disabled: true'), 'disabled')
  t.equal(status('status: inactive'), 'inactive')
  t.match(problems('endpoints: [{ name: a, url: http://a, disabled: true, status: active }]'), [
    /contradict each other/,
  ])
})

t.test('url, or several targets', async (t) => {
  const many = 'endpoints:\n  - name: a\n    targets:\n      - url: http://a\n      - url: http://b\n'
  t.same(problems(many), [])
  t.same(
    parse(many).spec.endpoints[0]?.endpoint.targets.map(({ url, weight }) => [url, weight]),
    [
      ['http://a', 1],
      ['http://b', 1],
    ],
  )
  t.same(problems(`${many}      - url: http://a/\n`), [
    '6:9 endpoints[0].targets[2].url: the target is listed already: endpoints[0].targets[0].url (line 4); give it more weight instead',
  ])
  t.same(problems('endpoints: [{ name: a }]'), ['1:13 endpoints[0]: "url" is missing'])
  t.same(problems(endpoint('targets: [{ url: "http://a" }]')), [
    '4:5 endpoints[0].targets: both url and targets are given: remove one of them',
  ])
  t.same(problems('endpoints: [{ name: a, targets: [] }]').length, 1)
  t.same(problems('endpoints: [{ name: a, targets: [{ url: "http://a", weight: -1 }, { wait: 1 }] }]'), [
    '1:53 endpoints[0].targets[0].weight: expected at least 0, found -1',
    '1:67 endpoints[0].targets[1]: "url" is missing',
    '1:69 endpoints[0].targets[1].wait: unknown key "wait". Known here: url, weight',
  ])
})

t.test('ids are unique', async (t) => {
  const list = (...labels: string[]): string =>
    `endpoints:\n${labels.map((l) => `  - { url: "http://h", ${l} }\n`).join('')}`
  t.same(problems(list('name: a, version: v1', 'name: a', 'name: a, version: "v1"')), [
    '4:24 endpoints[2].name: the endpoint "v1/a" exists already: endpoints[0] (line 2)',
  ])
  t.same(
    parse(list('name: v1', 'name: v1, version: v1', 'name: b')).spec.endpoints.map((e) => e.endpoint.id),
    ['v1', 'v1/v1', 'b'],
  )
  for (const name of ['"."', '".."', '"a/b"', '""', 'ä', 'true'])
    t.equal(problems(list(`name: ${name}`)).length, 1, name)
  t.equal(problems(list('name: a, version: "a/b"', 'name: a, version: "c d"')).length, 2)
  t.equal(first(list('name: 42')).endpoint.name, '42')
})

t.test('hosts and paths to match', async (t) => {
  t.same(first(endpoint('host: API.Example.com.\npath: /v2/things/')).endpoint.match, {
    hosts: ['api.example.com'],
    paths: ['/v2/things'],
  })
  t.same(
    first(endpoint('host: ["*.Example.com", "bücher.example", "[::1]", 127.0.0.1]\npath: [/, /a/b]')).endpoint.match,
    {
      hosts: ['*.example.com', 'xn--bcher-kva.example', '[::1]', '127.0.0.1'],
      paths: ['/', '/a/b'],
    },
  )
  for (const host of ['a:80', '*', '*.', 'a.*.b', 'http://a', 'a/b', '*.1.2.3.4', '[::1', '[x]', 'a b', ''])
    t.match(
      problems(endpoint(`host: ${JSON.stringify(host)}`)),
      [/^4:5 endpoints\[0\]\.host: expected a host name/],
      host,
    )
  for (const path of ['a', '/a?b', '/a#b', '/a b', '//a', '/a//b', '/a/../b', '/..', '/./a', '/a/.', '/ä', '\\a', ''])
    t.match(problems(endpoint(`path: ${JSON.stringify(path)}`)), [/^4:5 endpoints\[0\]\.path: expected a path/], path)
  t.match(problems(endpoint('host: [a, "b:1"]')), [/^4:15 endpoints\[0\]\.host\[1\]: expected a host name/])
  t.match(problems(endpoint('host: 3')), [/^4:5 endpoints\[0\]\.host: expected a value or a list of them, found 3/])
  t.match(problems(endpoint('path: []')), [/expected a list with at least one entry/])
})

t.test('auth_type, roles and scopes decide whether a token is needed', async (t) => {
  const auth = (keys: string, rest = ''): unknown => {
    const spec = first(endpoint(keys, rest))
    const own = spec.filters.auth
    return [own === undefined || own === 'off' ? own : own.options, spec.endpoint.requires]
  }
  const bearer = ['authentication']
  t.same(auth('disabled: false'), [undefined, []])
  t.same(auth('auth_type: Bearer'), [{ required: true }, bearer])
  t.same(auth('auth_type: NONE'), [{ required: false }, []])
  t.same(auth('roles: [admin]'), [{ required: true, roles: ['admin'] }, bearer])
  t.same(auth('scopes: [read]'), [{ required: true, scopes: ['read'] }, bearer])
  t.same(auth('auth_type: bearer\nroles: [a]\nscopes: [b]'), [{ required: true, roles: ['a'], scopes: ['b'] }, bearer])
  t.same(auth('filters: { auth: { required: true } }'), [{ required: true }, bearer])
  t.same(auth('filters: { auth: off }'), ['off', []])
  t.same(auth('auth_type: none\nfilters: { auth: off }'), ['off', []])
  const strict = 'filters: [{ auth: { required: true } }, proxy]'
  t.same(auth('disabled: false', strict), [undefined, bearer])
  t.same(auth('auth_type: none', strict), [{ required: false }, []])
  t.same(auth('filters: { auth: off }', strict), ['off', []])
  t.same(auth('auth_type: bearer', 'filters: [proxy]'), [undefined, bearer], 'the runtime refuses what cannot be met')
  t.same(first(endpoint('roles: [a]')).filters.auth, {
    options: { required: true, roles: ['a'] },
    at: ['endpoints', 0],
    origins: { required: ['endpoints', 0, 'roles'], roles: ['endpoints', 0, 'roles'] },
  })
})

t.test('contradictions about tokens are problems', async (t) => {
  const one = (keys: string): string => problems(endpoint(keys)).join('\n')
  t.equal(
    one('auth_type: none\nroles: [a]'),
    '5:5 endpoints[0].roles: roles need a token, but auth_type is none: endpoints[0].auth_type (line 4)',
  )
  t.equal(
    one('auth_type: bearer\nfilters: { auth: off }'),
    '4:5 endpoints[0].auth_type: "auth_type" needs the filter "auth", but endpoints[0].filters.auth (line 5) turns it off',
  )
  t.match(one('scopes: [a]\nfilters: { auth: off }'), /"scopes" needs the filter "auth"/)
  t.match(
    one('auth_type: bearer\nfilters: { auth: { required: true } }'),
    /^4:5 endpoints\[0\]\.auth_type: given twice/,
  )
  t.match(one('roles: [a]\nfilters: { auth: { required: false } }'), /^4:5 endpoints\[0\]\.roles: given twice/)
  t.equal(one('roles: [a]\nfilters: { auth: { required: true } }'), '')
  t.match(
    one('roles: [a]\nfilters: { auth: { roles: [b] } }'),
    /given twice: endpoints\[0\]\.roles is the same as endpoints\[0\]\.filters\.auth\.roles \(line 5\)/,
  )
  t.match(one('auth_type: 3'), /expected a text, found 3/)
})

t.test('options of filters for one endpoint', async (t) => {
  const spec = first(
    endpoint(
      'timeout: 5s\nmethods: [GET]\nfilters: { breaker: { failure_threshold: 2 }, metrics: off, request-id: false, proxy: { retries: 1 }, auth: }',
    ),
  )
  t.same(spec.filters.breaker, { options: { failure_threshold: 2 }, at: ['endpoints', 0, 'filters', 'breaker'] })
  t.equal(spec.filters.metrics, 'off')
  t.equal(spec.filters['request-id'], 'off')
  t.same(spec.filters.proxy, {
    options: { retries: 1, timeout: '5s' },
    at: ['endpoints', 0, 'filters', 'proxy'],
    origins: { timeout: ['endpoints', 0, 'timeout'] },
  })
  t.same(spec.filters.auth, { options: {}, at: ['endpoints', 0, 'filters', 'auth'] })
  t.equal(Object.getPrototypeOf(spec.filters), null)
})

t.test('they go by the name in the chain; flat keys by the factory', async (t) => {
  const chain = 'filters: [{ filter: method-check, name: verbs }, { filter: proxy, name: out }]'
  t.same(Object.keys(first(endpoint('methods: [GET]\ntimeout: 1', chain)).filters), ['verbs', 'out'])
  t.same(problems(endpoint('filters: { verb: {}, proxy: off }', chain)), [
    '4:16 endpoints[0].filters.verb: the chain has no filter named "verb". Did you mean "verbs"?',
    '4:26 endpoints[0].filters.proxy: the chain has no filter named "proxy". Its filters: verbs, out',
  ])
  t.match(problems(endpoint('filters: { braeker: {} }')), [/Did you mean "breaker"\?$/])
  t.same(problems(endpoint('filters: { breaker: 3 }')), [
    '4:16 endpoints[0].filters.breaker: expected options (a mapping) or off, found 3',
  ])
  t.match(problems(endpoint('methods: [GET]\nfilters: { method-check: { methods: [PUT] } }')), [
    /^4:5 endpoints\[0\]\.methods: given twice/,
  ])
  t.match(problems(endpoint('methods: [GET]\nfilters: { method-check: off }')), [
    /"methods" needs the filter "method-check"/,
  ])
  t.same(warnings(endpoint('filters: { breaker: { a: 1 } }', 'filters: [{ breaker: off }, proxy]')), [
    '4:16 endpoints[0].filters.breaker: this has no effect: filters[0].breaker (line 5) turns "breaker" off',
  ])
})

t.test('auth_type: none opens an endpoint under roles of the chain; roles in options demand a token', async (t) => {
  const { spec } = parse(`filters: [{ auth: { roles: [admin] } }, route-match, proxy]
endpoints:
  - { name: open, url: "http://a", auth_type: none }
  - { name: shut, url: "http://b" }
`)
  const [open, shut] = spec.endpoints
  t.strictSame(open?.endpoint.requires, [])
  t.match(open?.filters.auth, { options: { required: false, roles: [], scopes: [] } })
  t.strictSame(shut?.endpoint.requires, ['authentication'])
})
