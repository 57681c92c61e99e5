import t from 'tap'
import type { Endpoint } from '../../../core/api/endpoint.ts'
import { hostPattern } from '../../../core/match/routes-by-host.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'
import { finder, problemsOf } from './support.ts'

const on = (id: string, host: string | undefined, path = '/'): Endpoint =>
  endpoint(id, { match: [matchOf(path, { host })] })

t.test('the exact host, then the longest wildcard, then every host', async (t) => {
  const to = finder([
    on('all', undefined),
    on('deep', undefined, '/deep/er'),
    on('wild', '*.test', '/w'),
    on('longer', '*.a.test'),
    on('exact', 'x.a.test', '/e'),
    on('six', '[::1]'),
  ])
  const table: readonly (readonly [host: string, path: string, id: string])[] = [
    ['x.a.test', '/e', 'exact'],
    ['X.A.test.:8080', '/e', 'exact'],
    ['x.a.test', '/other', 'longer'],
    ['x.a.test', '/deep/er', 'longer'],
    ['y.x.a.test', '/e', 'longer'],
    ['a.test', '/w', 'wild'],
    ['a.test', '/e', 'all'],
    ['test', '/w', 'all'],
    ['nota.test', '/w', 'wild'],
    ['a.test.evil', '/w', 'all'],
    ['.a.test', '/e', 'all'],
    ['[::1]:8000', '/deep/er', 'six'],
    ['[0:0::1]', '/deep/er', 'six'],
    ['', '/deep/er', 'deep'],
    [`${'a.'.repeat(200)}a.test`, '/', 'all'],
  ]
  for (const [host, path, id] of table) t.equal(to(path, { host }), `${id} ${path}`, host + path)
})

t.test('a host whose conditions are not met leaves the request to the next', async (t) => {
  const strict = (id: string, host: string, methods: string[]) =>
    endpoint(id, { match: [matchOf('/a', { host, methods })] })
  const to = finder([
    strict('exact', 'a.test', ['PUT']),
    strict('wild', '*.test', ['POST']),
    on('all', undefined, '/all'),
  ])
  t.equal(to('/a', { host: 'a.test', method: 'POST' }), 'wild /a')
  t.equal(to('/a', { host: 'a.test' }), 'method_not_allowed PUT POST')
  t.equal(to('/all', { host: 'a.test' }), 'all /all')
})

t.test('patterns of hosts', async (t) => {
  t.equal(hostPattern('API.Example.com.'), 'api.example.com')
  t.equal(hostPattern('*.Example.com'), '*.example.com')
  t.equal(hostPattern('[0:0:0::1]'), '[::1]')
  for (const host of ['h:80', 'a.*.b', '::1', '*', '*.', 'a b', '', 'a/b', '[x]', 'h:'])
    t.equal(hostPattern(host), undefined, host)
})

t.test('two endpoints with one path of one host, however they spell it', async (t) => {
  const pairs: readonly (readonly [Endpoint, Endpoint, RegExp])[] = [
    [on('a', 'h'), on('b', 'H'), /"a" and "b" both have "\/" on h,/],
    [on('a', 'h.'), on('b', 'h'), /on h,/],
    [on('a', '[::1]'), on('b', '[0:0::1]'), /on \[::1\],/],
    [on('a', '*.H'), on('b', '*.h.'), /on \*\.h,/],
    [on('a', undefined, '/x'), on('b', undefined, '/x/'), /both have "\/x" on every host/],
    [on('a', undefined, '/p'), on('b', undefined, '/%70'), /"\/%70"/],
    [on('a', undefined, '/caf%C3%A9'), on('b', undefined, '/caf%c3%a9'), /another spelling/],
    [on('a', undefined, '/caf%C3%A9'), on('b', undefined, '/café'), /another spelling/],
    [on('a', undefined, '/{x}/b'), on('b', undefined, '/{y}/b'), /"\/\{y\}\/b"/],
    [on('a', undefined, '/orders'), endpoint('orders'), /"a" and "orders" both have "\/orders"/],
    [on('a', undefined, '/v1/orders'), endpoint('v1/orders'), /both have "\/v1\/orders"/],
    [endpoint('été'), endpoint('%C3%A9t%c3%a9'), /"\/%C3%A9t%c3%a9" on every host/],
  ]
  for (const [a, b, message] of pairs) {
    const [problem, ...more] = problemsOf(a, b)
    t.match(problem, { endpoint: b.id, message, other: { endpoint: a.id } })
    t.same(more, [])
  }
  const spellings = ['/x', '/x/', '/%78'].map((path) => matchOf(path))
  t.same(problemsOf(endpoint('a', { match: spellings })), [], 'one endpoint may')
  t.same(problemsOf(on('a', undefined, '/a%2Fb'), on('b', undefined, '/a/b')), [])
  t.same(problemsOf(on('a', 'h', '/a'), on('b', '*.h', '/a'), on('c', undefined, '/a')), [])
  t.same(problemsOf(on('a', undefined, '/a'), endpoint('b', { match: [matchOf({ exact: '/a' })] })), [])
})
