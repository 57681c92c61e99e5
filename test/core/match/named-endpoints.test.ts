import t from 'tap'
import { NamedEndpoints } from '../../../core/match/named-endpoints.ts'
import { endpoint } from '../../../core/testing.ts'

/** `path id` of all, in any order. */
function pathsOf(...ids: (string | ReturnType<typeof endpoint>)[]): string[] {
  const names = new NamedEndpoints('/api')
  for (const [order, one] of ids.entries()) names.add(typeof one === 'string' ? endpoint(one) : one, order)
  return [...names.all()].map((one) => `${one.path} ${one.endpoint.id} ${one.order}`).toSorted()
}
const best = (...ids: Parameters<typeof pathsOf>): string | undefined =>
  pathsOf(...ids)
    .find((one) => one.startsWith('/api/a '))
    ?.split(' ')[1]

t.test('version and name, and the name alone', async (t) => {
  t.same(pathsOf(), [])
  t.same(pathsOf('a'), ['/api/a a 0'])
  t.same(pathsOf('v1/a'), ['/api/a v1/a 0', '/api/v1/a v1/a 0'])
  t.same(pathsOf('v1/a', 'b', 'v2/a'), ['/api/a v2/a 2', '/api/b b 1', '/api/v1/a v1/a 0', '/api/v2/a v2/a 2'])
})

t.test('the best version', async (t) => {
  const off = (id: string) => endpoint(id, { status: 'disabled' })
  for (const [expected, ...given] of [
    ['v10/a', 'v2/a', 'v10/a', 'v9/a'],
    ['a', 'v9/a', 'a', 'v10/a'],
    ['v10/a', 'v10/a', 'v11-beta/a'],
    ['v1/a', 'v2-rc1/a', 'v1/a'],
    ['v2-rc2/a', 'v2-rc1/a', 'v2-rc2/a'],
  ] as const) {
    t.equal(best(...given), expected)
    t.equal(best(...given.toReversed()), expected, 'in any order')
  }
  t.equal(best('v9/a', off('v10/a')), 'v9/a', 'an active one')
  t.equal(best(off('v1/a'), 'v2-rc1/a'), 'v1/a', 'a release, even out of service')
  t.equal(best(off('v1/a'), off('v10/a'), off('v2/a')), 'v10/a', 'of those out of service the highest')
})
