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
