import t from 'tap'
import { endpoint } from '../../../core/testing.ts'
import { routePatterns } from '../../../filters/route-match/route-patterns.ts'
import { RoutesByHost } from '../../../filters/route-match/routes-by-host.ts'

t.test('what leads to an endpoint among others', async (t) => {
  const orders = endpoint('v1/orders', { match: { hosts: [], paths: ['/o', '/taken'] } })
  const newer = endpoint('v2/orders', { match: { hosts: ['a.test', '*.b.test'], paths: ['/o'] } })
  const host = endpoint('host', { match: { hosts: ['h.test'], paths: [] } })
  const plain = endpoint('plain', { match: { hosts: [], paths: ['/api/v9'] } })
  const version = endpoint('v9/plain')
  const all = [orders, newer, host, plain, version]
  const routes = new RoutesByHost('/api', all)
  const of = (one: (typeof all)[number]): string[] => routePatterns(one, '/api', routes)
  t.same(of(orders), ['/api/v1/orders', '/api/orders', '/o', '/taken'])
  t.same(of(newer), [
    ...['a.test/api/v2/orders', 'a.test/api/orders', 'a.test/o'],
    ...['*.b.test/api/v2/orders', '*.b.test/api/orders', '*.b.test/o'],
  ])
  t.same(of(host), ['h.test/'])
  t.same(of(plain), ['/api/plain', '/api/v9'])
  t.same(of(version), ['/api/v9/plain'], 'its name alone leads to the one without version')
})
