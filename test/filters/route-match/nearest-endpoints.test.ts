import t from 'tap'
import type { Endpoint } from '../../../core/index.ts'
import { endpoint } from '../../../core/testing.ts'
import { nearestEndpoints } from '../../../filters/route-match/nearest-endpoints.ts'

t.test('a path is compared with a bounded number of endpoints', async (t) => {
  let looked = 0
  const all = Array.from({ length: 100_000 }, (_, i): Endpoint => {
    const made = endpoint(`v1/orders-${i}`)
    return new Proxy(made, {
      get(target, key, receiver) {
        looked++
        return Reflect.get(target, key, receiver) as unknown
      },
    })
  })
  t.ok(nearestEndpoints('/api/v1/ordres-7', '/api', all).includes('v1/orders-7'))
  t.ok(looked < 10_000, `${looked} reads of 100,000 endpoints`)
})

t.test('behind a prefix of several segments, one that is missing, and one that is misspelt', async (t) => {
  const all = ['v1/orders', 'v2/orders', 'v3/orders', 'v4/orders', 'users'].map((id) => endpoint(id))
  const near = (path: string) => nearestEndpoints(path, '/api/shop/eu', all)
  t.same(near('/api/shop/eu/v2/ordres').slice(0, 1), ['v2/orders'], 'the nearest version first')
  t.same(near('/api/shop/eu/usres'), ['users'])
  t.same(near('/usres'), ['users'])
  t.same(near('/api/usres'), ['users'], 'a shorter prefix')
  t.same(near('/api/shop/usres'), ['users'])
  t.same(near('/x/api/shop/usres'), [], 'the fourth segment is not looked at')
  t.equal(near('/api/shop/eu/orders').length, 3, 'three at most')
  t.same(near('/api/shop/eu'), [])
  t.same(near('/'), [])
})
