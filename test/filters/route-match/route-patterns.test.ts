import t from 'tap'
import { RouteTable } from '../../../core/index.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'
import { routePatterns } from '../../../filters/route-match/route-patterns.ts'

t.test('what leads to an endpoint among others', async (t) => {
  const orders = endpoint('v1/orders', { match: [matchOf('/o'), matchOf('/taken')] })
  const newer = endpoint('v2/orders', {
    match: ['a.test', '*.b.test'].map((host) => matchOf('/o', { host })),
    byName: true,
  })
  const host = endpoint('host', { match: [matchOf('/', { host: 'h.test' })] })
  const plain = endpoint('plain')
  const version = endpoint('v9/plain')
  const all = [orders, newer, host, plain, version]
  const routes = new RouteTable(all, '/api')
  const of = (one: (typeof all)[number]): string[] => routePatterns(one, '/api', routes)
  t.same(of(orders), ['/o', '/taken'], 'not its name')
  t.same(of(newer), ['/api/v2/orders', '/api/orders', 'a.test/o', '*.b.test/o'])
  t.same(of(host), ['h.test/'])
  t.same(of(plain), ['/api/plain'])
  t.same(of(version), ['/api/v9/plain'], 'its name alone leads to the one without version')
})

t.test('kinds of paths, and conditions', async (t) => {
  const value = { any: ['1'] }
  const one = endpoint('one', {
    match: [
      matchOf({ exact: '/status' }),
      matchOf({ regex: '/v[0-9]+' }, { host: 'a.test' }),
      matchOf('/users/{id}', {
        methods: ['GET', 'PUT'],
        headers: [{ name: 'x-beta', value }],
        cookies: [{ name: 'c', value }],
        query: [{ name: 'q', value }],
      }),
    ],
  })
  t.same(routePatterns(one, '', new RouteTable([one], '')), [
    '=/status',
    'a.test~/v[0-9]+',
    '/users/{id} GET,PUT x-beta cookie c ?q',
  ])
})
