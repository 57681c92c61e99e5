import t, { type Test } from 'tap'
import { RouteTable } from '../../../core/index.ts'
import { endpoint, matchOf, specOf, startGateway } from '../../../core/testing.ts'
import { finder, problemsOf, requestOf } from './support.ts'

const of = (id: string, ...paths: string[]) => endpoint(id, { match: paths.map((path) => matchOf(path)) })
const dropped = (id: string, ...paths: string[]) => ({ ...of(id, ...paths), stripPrefix: true })
const encoded = (text: string): string =>
  text.replace(/[^/]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

t.test('the longest pattern fully encoded, and what follows as it came', async (t) => {
  const to = finder([dropped('rest', '/'), dropped('shop', '/shop'), dropped('users', '/shop/admin/users')])
  t.equal(to(encoded('/shop/admin/users')), 'users ')
  t.equal(to(`${encoded('/shop/admin/users')}/`), 'users /')
  t.equal(to(`${encoded('/shop/admin/users')}/%7e/%2F//x;y/`), 'users /%7e/%2F//x;y/')
  t.equal(to(encoded('/shop/admin/user')), 'shop /%61%64%6d%69%6e/%75%73%65%72')
  t.equal(to(encoded('/shop/admin/users2')), `shop ${encoded('/admin/users2')}`)
  t.equal(to(encoded('/other/users')), `rest ${encoded('/other/users')}`)
  t.equal(to(`/%73hop${'/%61'.repeat(500)}`), `shop ${'/%61'.repeat(500)}`)
})

t.test('names fully encoded', async (t) => {
  const to = finder([endpoint('v1/orders')], '/api')
  t.equal(to(`${encoded('/api/v1/orders')}/%41`), 'v1/orders /%41')
  t.equal(to(`${encoded('/api/orders')}/%41/`), 'v1/orders /%41/')
  t.equal(to(encoded('/api/v1/order')), 'no_route')
})

t.test('a match replaces the name, by_name adds it', async (t) => {
  const a = of('v1/a', '/a')
  t.equal(finder([a], '/api')('/api/v1/a/x'), 'no_route')
  t.equal(finder([a], '/api')('/api/a'), 'no_route')
  const named = finder([{ ...a, byName: true }], '/api')
  t.equal(named('/api/v1/a/x'), 'v1/a /x', 'dropped')
  t.equal(named('/api/a/x'), 'v1/a /x')
  t.equal(named('/a/x'), 'v1/a /a/x', 'kept')
  t.equal(finder([a, endpoint('v2/a')], '/api')('/api/a'), 'v2/a ', 'it does not take the name from others')
})

t.test('every reading of a path must lead to one endpoint', async (t) => {
  const to = finder([of('all', '/'), of('admin', '/admin'), of('ab', '/x/a/b')])
  const refused = [
    ...['//admin', '/admin%2Fx', '/admin;a=1/x', '/admin;', '/%2fadmin', '/;x/admin', '/admin%3bx', '/admin%2f'],
    ...['/x/a//b', '/x//a/b', '/x/a%2Fb', '/x%2Fa%2fb/c', '/x;/a/b', '/x/a;y/b', '/x%2F;a%2Fb/a/b', '/x/;/a/b'],
  ]
  for (const path of refused) t.equal(to(path), 'path_ambiguous', path)
  for (const path of ['/a//b', '/a%2Fb', '/a;x=1/b', '/b/admin;x', '/admin/%2F', '/admin//', '/admin/a;b', '/x/a/b//'])
    t.equal(to(path), `${path.startsWith('/admin') ? 'admin' : path.startsWith('/x') ? 'ab' : 'all'} ${path}`, path)
  const alone = finder([of('admin', '/admin')])
  t.equal(alone('//admin'), 'path_ambiguous', 'no endpoint is another endpoint')
  t.equal(alone('//other'), 'no_route')
  const put = finder([endpoint('put', { match: [matchOf('/a', { methods: ['PUT'] })] })])
  t.equal(put('//a'), 'no_route', 'neither reading has a route')
  t.equal(put('//a', { method: 'PUT' }), 'path_ambiguous')
  t.equal(put('/a//b'), 'method_not_allowed PUT')
})

t.test('allow_ambiguous of the endpoint that the path as written leads to', async (t) => {
  const git = (...allowAmbiguous: ('encoded_slash' | 'empty_segment' | 'path_parameter')[]) =>
    finder([{ ...of('git', '/git'), allowAmbiguous }, of('x', '/git/x'), { ...of('trusts', '/t'), allowAmbiguous }])
  t.equal(git()('/git/x%2fb'), 'path_ambiguous')
  t.equal(git('encoded_slash')('/git/x%2fb'), 'git /git/x%2fb')
  t.equal(git('encoded_slash')('/git//x'), 'path_ambiguous')
  t.equal(git('empty_segment')('/git//x'), 'git /git//x')
  t.equal(git('empty_segment')('/git/x;y'), 'path_ambiguous')
  t.equal(git('path_parameter')('/git/x;y'), 'git /git/x;y')
  t.equal(git('path_parameter')('/git/x%3By'), 'git /git/x%3By')
  t.equal(git('encoded_slash')('/git/x%3By'), 'path_ambiguous')
  t.equal(git('encoded_slash', 'empty_segment', 'path_parameter')('/git/;/%2fx'), 'git /git/;/%2fx')
  t.equal(git('path_parameter')('/git;/x'), 'path_ambiguous', 'another endpoint trusts, or none')
})

t.test('methods: the next match, else all that there are', async (t) => {
  const on = (id: string, path: string, ...methods: string[]) => endpoint(id, { match: [matchOf(path, { methods })] })
  const to = finder([
    on('get', '/a/b', 'GET'),
    on('put', '/a/b', 'PUT', 'GET2'),
    on('post', '/a', 'POST'),
    on('b', '/b'),
  ])
  t.equal(to('/a/b', { method: 'HEAD' }), 'get /a/b')
  t.equal(to('/a/b', { method: 'POST' }), 'post /a/b')
  t.equal(to('/a/b', { method: 'DELETE' }), 'method_not_allowed GET HEAD PUT GET2 POST')
  t.equal(to('/a', { method: 'GET' }), 'method_not_allowed POST')
  t.equal(to('/b', { method: 'DELETE' }), 'b /b')
  t.equal(to('/c', { method: 'DELETE' }), 'no_route')
  const headers = { Origin: 'http://o.test', 'Access-Control-Request-Method': 'PUT' }
  t.equal(to('/a/b', { method: 'OPTIONS', headers }), 'put /a/b')
  t.equal(to('/a/b', { method: 'OPTIONS' }), 'method_not_allowed GET HEAD PUT GET2 POST')
})

t.test('all that match, with the condition that is not met', async (t) => {
  const routes = new RouteTable(
    [endpoint('put', { match: [matchOf('/a/{x}', { methods: ['PUT'] })] }), of('a', '/a'), of('b', '/b')],
    '',
  )
  t.match(routes.candidates(requestOf('/a/1'), '/a/1'), [
    { endpoint: { id: 'put' }, template: '/a/{x}', end: 4, rank: [1, 0, 0], failed: 'method' },
    { endpoint: { id: 'a' }, template: '/a', end: 2, rank: [0, 0, 0], failed: undefined },
  ])
  t.equal(routes.of('b')?.id, 'b')
  t.equal(routes.of('c'), undefined)
})

t.test('patterns and names that no request can have', async (t) => {
  const host = (id: string, ...hosts: string[]) =>
    endpoint(id, {
      match: hosts.map((one, i) => matchOf('/', { host: one, at: { host: ['host', i], path: ['path'] } })),
    })
  const paths = ['x', '/x/*', '', '/a/%2e%2e/b', '/%zz', '/%ff', '/fine']
  const all = problemsOf(
    host('a', 'h:80'),
    host('b', 'a.*.b', '::1'),
    endpoint('c', { match: paths.map((path, i) => matchOf(path, { at: { host: [], path: ['path', i] } })) }),
    endpoint('..'),
    endpoint('%zz/d'),
  )
  t.match(all, [
    { endpoint: 'a', at: ['host', 0], message: /such as api\.example\.com .* found "h:80"/ },
    { endpoint: 'b', at: ['host', 0] },
    { endpoint: 'b', at: ['host', 1] },
    { endpoint: 'c', at: ['path', 0], message: /a path such as \/shop .* without wildcards and query, found "x"/ },
    { endpoint: 'c', at: ['path', 1] },
    { endpoint: 'c', at: ['path', 2] },
    { endpoint: 'c', at: ['path', 3], message: /without "\." and "\.\." segments, .* found "\/a\/%2e%2e\/b"/ },
    { endpoint: 'c', at: ['path', 4], message: /%25 is the character itself/ },
    { endpoint: 'c', at: ['path', 5], message: /%C3%A9 for é/ },
    { endpoint: '%zz/d', at: ['name'], message: /two hexadecimal digits/ },
    { endpoint: '..', at: ['name'], message: /expected a path without "\."/ },
  ])
})

t.test('equal in all of it, in whatever order conditions stand', async (t) => {
  const value = { any: ['1', '2'] }
  const one = matchOf('/a', {
    methods: ['GET', 'PUT'],
    headers: [
      { name: 'x-a', value },
      { name: 'x-b', value },
    ],
  })
  const two = matchOf('/a', {
    methods: ['PUT', 'GET'],
    headers: [
      { name: 'X-B', value: { any: ['2', '1'] } },
      { name: 'X-A', value },
    ],
  })
  const message = /"a" and "b" both have "\/a" on every host/
  t.match(problemsOf(endpoint('a', { match: [one] }), endpoint('b', { match: [two] })), [{ endpoint: 'b', message }])
  const more = { ...two, methods: ['PUT'] }
  t.same(problemsOf(endpoint('a', { match: [one] }), endpoint('b', { match: [more] })), [])
})

t.test('the load error has the places of both endpoints', async (t) => {
  const errorOf = async (t: Test, yaml: string): Promise<string> => {
    const started = startGateway(yaml)
    t.teardown(async () => (await started.catch(() => undefined))?.close())
    return started.then(
      () => 'loaded',
      (error: Error) => error.message,
    )
  }
  const two = (first: string, second: string) => `endpoints:
  - name: one
    url: http://a.test
    ${first}
  - name: two
    url: http://a.test
    path: [/z, /zz]
    ${second}
`
  t.equal(
    await errorOf(t, two('path: "/caf%C3%A9"', '').replace('/zz', '/café/')),
    'weir.yaml:7:16 endpoints[1].path[1]: "one" and "two" both have "/café" on every host, if only in another spelling: change one of them; the other is at weir.yaml:4:5',
  )
  t.match(
    await errorOf(t, two('host: A.test\n    path: [/y, "/%7A"]', 'host: a.test.')),
    /^weir\.yaml:8:12 endpoints\[1\]\.path\[0\]: .* on a\.test, .*; the other is at weir\.yaml:5:16$/,
  )
  t.match(
    await errorOf(t, two('path: /a/%2e%2e/b', '')),
    /^weir\.yaml:4:5 endpoints\[0\]\.path: expected a path without "\."/,
  )
  t.match(
    await errorOf(t, two('match: [{ path: [/y, /zz] }]', '')),
    /^weir\.yaml:7:16 endpoints\[1\]\.path\[1\]: .*the other is at weir\.yaml:4:26$/,
  )
  t.match(
    await errorOf(t, two('timeout: 1s', '').replace('/zz', '/orchestrator/one')),
    /^weir\.yaml:2:5 endpoints\[0\]\.name: "two" and "one" both have "\/orchestrator\/one" .*weir\.yaml:7:16$/,
  )
})

t.test('a spec by hand', async (t) => {
  const spec = specOf([{ name: '%zz', url: 'http://a.test' }])
  await t.rejects(startGateway(spec), /^endpoints\.0\.name: .*two hexadecimal digits/)
})
