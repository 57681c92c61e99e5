import t from 'tap'
import type { Endpoint } from '../../../core/api/endpoint.ts'
import type { LocalReply } from '../../../core/api/reply.ts'
import { endpoint, exchange, FilterBench, matchOf } from '../../../core/testing.ts'
import { routeMatch } from '../../../filters/route-match/filter.ts'
import { verdict } from '../../support/verdict.ts'

/** What leads to an endpoint; the prefix is dropped. */
const match = (hosts: readonly (string | undefined)[], paths: readonly string[] = ['/']) => ({
  match: hosts.flatMap((host) => paths.map((path) => matchOf(path, { host }))),
  stripPrefix: true,
})

async function router(endpoints: readonly Endpoint[], options: Record<string, unknown> = {}) {
  const { filter } = await new FilterBench(endpoints).make(routeMatch, options)
  /** `id rest` of the route, or `status reason`. */
  return (path: string, host = 'gateway.test'): unknown => {
    const x = exchange({ path, host })
    const returned = filter.request!(x)
    return x.route === undefined ? verdict(returned) : `${x.route.endpoint.id} ${x.route.path}`
  }
}

t.test('by version and name', async (t) => {
  const to = await router([
    endpoint('v1/orders'),
    endpoint('v1'),
    endpoint('users'),
    endpoint('v3/users'),
    endpoint('v2/été'),
    endpoint('v1/toString'),
  ])
  const table: Record<string, string> = {
    '/orchestrator/v1/orders': 'v1/orders ',
    '/orchestrator/v1/orders/': 'v1/orders /',
    '/orchestrator/v1/orders/5': 'v1/orders /5',
    '/orchestrator/v1/orders/a%2Fb/%7e//x/': 'v1/orders /a%2Fb/%7e//x/',
    '/orchestrator/v1/orders/%zz': '400 path_invalid',
    '/orchestrator/v1/order': 'v1 /order',
    '/orchestrator/v1/ordersx': 'v1 /ordersx',
    '/orchestrator/v1': 'v1 ',
    '/orchestrator/v1/': 'v1 /',
    '/orchestrator/orders/x': 'v1/orders /x',
    '/orchestrator/users/v3': 'users /v3',
    '/orchestrator/v3/users/v3': 'v3/users /v3',
    '/orchestrator/v1/%6Frders/%6F': 'v1/orders /%6F',
    '/orchestrator/%C3%A9t%C3%A9/x': 'v2/été /x',
    '/orchestrator/%c3%a9t\xc3\xa9/%c3%a9/\xc3\xa9': 'v2/été /%c3%a9/\xc3\xa9',
    '/%6Frchestrator/v1/orders/x': 'v1/orders /x',
    '/%6frch%65strator/%76%31/%6frders': 'v1/orders ',
    '/%6frchestrator/orders/%6f': 'v1/orders /%6f',
    '/orchestrator/toString': 'v1/toString ',
    '/orchestrator': '404 no_route',
    '/orchestrator/': '404 no_route',
    '/orchestrator//v1/orders': '400 path_ambiguous',
    '/orchestratorx/v1/orders': '404 no_route',
    '/orchestratoR/v1/orders': '404 no_route',
    '/elsewhere-or/v1/orders': '404 no_route',
    '/orchestrator-v1/orders': '404 no_route',
    '/orchestrator-orders': '404 no_route',
    '/v1/orders': '404 no_route',
    '/orchestrator/v1%2Forders': '400 path_ambiguous',
    '/orchestrator/v2/orders': '404 no_route',
    '/orchestrator/%zz/x': '400 path_invalid',
    '/orchestrator/%ff/x': '400 path_invalid',
    '/%6Frchestrator%2Fv1/orders': '400 path_ambiguous',
    '/orchestrator/__proto__': '404 no_route',
    '/orchestrator/constructor/x': '404 no_route',
    '/orchestrator/v1/__proto__': 'v1 /__proto__',
    '/orchestrator/v1/orders/../../users': '400 path_traversal',
    '/orchestrator/v1/orders/..%2f..%2fx': '400 path_traversal',
    '/orchestrator/../x': '400 path_traversal',
    '': '404 no_route',
    '*': '404 no_route',
  }
  for (const [path, expected] of Object.entries(table)) t.equal(to(path), expected, path)
})

t.test('template, and prefixes', async (t) => {
  const endpoints = [endpoint('v1/orders'), endpoint('users', { match: [matchOf('/people/')], byName: true })]
  const template = async (prefix: string, path: string) => {
    const { filter } = await new FilterBench(endpoints).make(routeMatch, { prefix })
    const x = exchange({ path })
    filter.request!(x)
    return x.route?.template
  }
  t.equal(await template('/orchestrator', '/orchestrator/v1/orders/5'), '/orchestrator/v1/orders')
  t.equal(await template('/api/', '/api/orders/5'), '/api/v1/orders')
  t.equal(await template('/api//', '/api/orders/5'), '/api/v1/orders')
  t.equal(await template('', '/v1/orders/5'), '/v1/orders')
  t.equal(await template('/', '/users/5'), '/users')
  t.equal(await template('', '/people/5'), '/people')
  const bench = new FilterBench()
  await t.rejects(bench.make(routeMatch, { prefix: 'api' }), /such as \/orchestrator/)
  await t.rejects(bench.make(routeMatch, { prefix: '/a?b' }), /such as \/orchestrator/)
  await t.rejects(bench.make(routeMatch, { prefix: '/a/%2e%2e' }), /expected a path without "\." and "\.\." segments/)
  await t.rejects(bench.make(routeMatch, { prefix: '/%zz' }), /two hexadecimal digits/)
  t.equal(await template('/%61pi', '/api/orders/5'), '/%61pi/v1/orders')
  t.equal(await template('/café', '/caf%c3%a9/orders/5'), '/café/v1/orders')
})

t.test('the patterns of an endpoint, and what explain says', async (t) => {
  const endpoints = [endpoint('v1/orders'), endpoint('v2/orders')]
  const { filter } = await new FilterBench(endpoints).make(routeMatch, { prefix: '/api' })
  t.same(filter.patterns!(endpoints[0]!), ['/api/v1/orders'])
  t.same(filter.patterns!(endpoints[1]!), ['/api/v2/orders', '/api/orders'])
  t.match([...filter.explain!(exchange({ path: '/api/v1/%6Frders' }))], [/^v1\/orders: chosen/])
  t.same([...filter.explain!(exchange({ path: '/api/../x' }))], [])
})

t.test('without a version: the highest that is enabled', async (t) => {
  const off = { status: 'disabled' } as const
  t.equal((await router([endpoint('v2/a'), endpoint('v10/a'), endpoint('v9/a')]))('/orchestrator/a/x'), 'v10/a /x')
  t.equal((await router([endpoint('v9/a'), endpoint('v10/a', off), endpoint('v2/a')]))('/orchestrator/a'), 'v9/a ')
  t.equal((await router([endpoint('v10/a', off), endpoint('v9/a')]))('/orchestrator/a'), 'v9/a ', 'in any order')
  t.equal((await router([endpoint('v2-rc1/a'), endpoint('v1/a')]))('/orchestrator/a'), 'v1/a ')
  t.equal((await router([endpoint('v10/a'), endpoint('v11-beta/a')]))('/orchestrator/a'), 'v10/a ')
  t.equal((await router([endpoint('v2-rc1/a'), endpoint('v2-rc2/a')]))('/orchestrator/a'), 'v2-rc2/a ', 'no release')
  t.equal((await router([endpoint('v2-rc1/a'), endpoint('v1/a', off)]))('/orchestrator/a'), '503 endpoint_disabled')
  t.equal((await router([endpoint('v2-rc1/a'), endpoint('v2/a')]))('/orchestrator/a'), 'v2/a ')
  t.equal((await router([endpoint('v9/a'), endpoint('a'), endpoint('v10/a')]))('/orchestrator/a'), 'a ')
  const none = await router([endpoint('v1/a', off), endpoint('v2/a', off)])
  t.equal(none('/orchestrator/a'), '503 endpoint_disabled')
  t.equal((await router([endpoint('v1/a'), endpoint('a', off)]))('/orchestrator/a'), '503 endpoint_disabled')
})

t.test('a disabled endpoint says when to come again', async (t) => {
  const { filter } = await new FilterBench([endpoint('v1/a', { status: 'disabled' })]).make(routeMatch)
  const x = exchange({ path: '/orchestrator/v1/a' })
  const returned = filter.request!(x) as LocalReply
  t.equal(verdict(returned), '503 endpoint_disabled')
  t.match(String(returned.options.headers?.['Retry-After']), /^\d+$/)
  t.equal(x.route, undefined)
})

t.test('path patterns', async (t) => {
  const paths = (...patterns: string[]) => match([undefined], patterns)
  const to = await router([
    endpoint('shop', paths('/shop', '/store/')),
    endpoint('admin', paths('/shop/admin')),
    endpoint('v1/orders'),
    endpoint('special', paths('/orchestrator/v1/orders/special')),
    endpoint('rest', paths('/')),
  ])
  const table: Record<string, string> = {
    '/shop': 'shop ',
    '/shop/': 'shop /',
    '/shop/a%2fb': 'shop /a%2fb',
    '/shopping': 'rest /shopping',
    '/store/x': 'shop /x',
    '/shop/admin/x': 'admin /x',
    '/shop/%61dmin/%61': 'admin /%61',
    '/sh%6fp': 'shop ',
    '/shop%2fadmin': '400 path_ambiguous',
    '/orchestrator/v1/orders/5': 'v1/orders /5',
    '/orchestrator/v1/orders/special/5': 'special /5',
    '/orchestrator/shop/x': 'rest /orchestrator/shop/x',
    '/%zz': '400 path_invalid',
    '/%73%68%6F%70': 'shop ',
    '/%73%68%6F%70/%61%64%6D%69%6E/%7e': 'admin /%7e',
    '/%73%68%6F%70/%61%2f/b': 'shop /%61%2f/b',
    '/': 'rest /',
  }
  for (const [path, expected] of Object.entries(table)) t.equal(to(path), expected, path)
})

t.test('hosts', async (t) => {
  const to = await router([
    endpoint('orders', match(['orders.example.com', '*.orders.example.com'])),
    endpoint('v1/shop', match(['Shop.Example.com'], ['/shop'])),
    endpoint('wild', match(['*.example.com'])),
    endpoint('six', match(['[::1]'])),
    endpoint('users'),
  ])
  const table: [host: string, path: string, expected: string][] = [
    ['orders.example.com', '/a/b', 'orders /a/b'],
    ['ORDERS.example.com:8080', '/', 'orders /'],
    ['orders.example.com.', '/a', 'orders /a'],
    ['eu.orders.example.com', '/a', 'orders /a'],
    ['orders.example.com', '/orchestrator/users/1', 'orders /orchestrator/users/1'],
    ['shop.example.com', '/shop/1', 'v1/shop /1'],
    ['shop.example.com', '/orchestrator/v1/shop/1', 'wild /orchestrator/v1/shop/1'],
    ['shop.example.com', '/else', 'wild /else'],
    ['shop.example.com', '/orchestrator/users/1', 'wild /orchestrator/users/1'],
    ['a.b.example.com', '/x', 'wild /x'],
    ['example.com', '/x', '404 no_route'],
    ['notexample.com', '/x', '404 no_route'],
    ['gateway.test', '/shop/1', '404 no_route'],
    ['gateway.test', '/orchestrator/v1/shop/1', '404 no_route'],
    ['gateway.test', '/orchestrator/users/1', 'users /1'],
    ['[::1]:8080', '/x', 'six /x'],
    ['[::1]', '/x', 'six /x'],
    ['', '/orchestrator/users', 'users '],
    [`${'a.'.repeat(4000)}example.com`, '/x', '404 no_route'],
  ]
  for (const [host, path, expected] of table) {
    t.equal(to(path, host), expected, `${host}${path}`)
  }
})

t.test('methods of matches', async (t) => {
  const { filter } = await new FilterBench([
    endpoint('read', { match: [matchOf('/a', { methods: ['GET'] })] }),
    endpoint('write', { match: [matchOf('/a', { methods: ['POST', 'PUT'] })] }),
  ]).make(routeMatch)
  const ask = (method: string) => {
    const x = exchange({ method, path: '/a' })
    const returned = filter.request!(x) as LocalReply
    return x.route?.endpoint.id ?? [verdict(returned), returned.options.headers?.Allow]
  }
  t.equal(ask('GET'), 'read')
  t.equal(ask('HEAD'), 'read')
  t.equal(ask('PUT'), 'write')
  t.same(ask('DELETE'), ['405 method_not_allowed', 'GET, HEAD, POST, PUT, OPTIONS'])
  t.same(ask('OPTIONS'), ['204 options', 'GET, HEAD, POST, PUT, OPTIONS'])
})

t.test('statuses of what can not be decided', async (t) => {
  const long = { value: { regex: 'a+' } }
  const to = async (init: Parameters<typeof exchange>[0], rest: Parameters<typeof matchOf>[1] = {}) => {
    const { filter } = await new FilterBench([
      endpoint('x', { match: [matchOf('/x', rest)] }),
      endpoint('e', { match: [matchOf({ regex: '/e+' })] }),
    ]).make(routeMatch)
    return verdict(filter.request!(exchange(init)))
  }
  const a = 'a'.repeat(513)
  t.equal(await to({ path: `/${a}` }), '414 path_too_long')
  t.equal(await to({ path: '/x', query: `?q=${a}` }, { query: [{ name: 'q', ...long }] }), '414 query_too_long')
  t.equal(await to({ path: '/x', headers: { q: a } }, { headers: [{ name: 'q', ...long }] }), '431 field_too_long')
  t.equal(
    await to({ path: '/x', headers: { cookie: `q=${a}` } }, { cookies: [{ name: 'q', ...long }] }),
    '431 field_too_long',
  )
  t.equal(await to({ path: '//x' }), '400 path_ambiguous')
})

t.test('the nearest endpoints, in debug only', async (t) => {
  const endpoints = [endpoint('v1/orders'), endpoint('v2/orders'), endpoint('v1/users')]
  const ask = async (debug: boolean, path: string) => {
    const { filter } = await new FilterBench(endpoints).make(routeMatch, { debug })
    return filter.request!(exchange({ path })) as LocalReply
  }
  const near = await ask(true, '/orchestrator/v1/order')
  t.equal(verdict(near), '404 no_route')
  t.same(near.options.extra, { nearest: ['v1/orders', 'v2/orders'] })
  t.match(near.options.detail, /Did you mean v1\/orders/)
  t.same((await ask(true, '/orchestator/v1/users')).options.extra, { nearest: ['v1/users'] }, 'a misspelt prefix')
  t.equal((await ask(true, '/zzzzzzzzzz')).options.extra, undefined)
  t.equal((await ask(true, '/')).options.extra, undefined)
  const quiet = await ask(false, '/orchestrator/v1/order')
  t.notMatch(JSON.stringify(quiet.options), 'orders')
})

t.test('ten thousand endpoints cost what ten do', async (t) => {
  const time = async (n: number) => {
    const to = await router(Array.from({ length: n }, (_, i) => endpoint(`v1/e${i}`)))
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < 5; round++) {
      const start = performance.now()
      for (let i = 0; i < 5000; i++) to(`/orchestrator/v1/e${i % 10}/x`)
      best = Math.min(best, performance.now() - start)
    }
    return best
  }
  const [few, many] = [await time(10), await time(10_000)]
  t.ok(many < few * 20 + 20, `${few.toFixed(1)} ms and ${many.toFixed(1)} ms`)
})
