import t from 'tap'
import type { EndpointSpec } from '../../../core/control/gateway-spec.ts'
import { deltaOf, endpointsOf } from '../../../core/fleet/endpoint-delta.ts'
import { endpoint } from '../../../core/testing.ts'

const spec = (id: string): EndpointSpec => ({ endpoint: endpoint(id), filters: {}, at: ['endpoints', 0] })

t.test('what the other side has is an index, and stays the same object there', async (t) => {
  const [a, b, c] = [spec('a'), spec('b'), spec('c')]
  const theirs = [structuredClone(a), structuredClone(b)]
  const delta = deltaOf([c, b], [a, b])
  t.strictSame(delta, [c, 1])
  const [first, second] = endpointsOf(structuredClone(delta), theirs)
  t.strictSame(first, c)
  t.equal(second, theirs[1])
})

t.test('a delta for another list is refused', async (t) => {
  t.throws(() => endpointsOf([3], [spec('a')]), /no endpoint 3/)
})
