import t from 'tap'
import { checkSets } from '../../../core/build/set-check.ts'
import { defineFilter } from '../../../core/index.ts'
import { specOf, startGateway } from '../../../core/testing.ts'

t.test('fields that a filter sets', async (t) => {
  const sets = [{ name: 'X-User' }, { name: 'X-Id', keep: 'anyone' }, { name: 'X-Auth-Request-*', keep: 'trusted' }]
  t.equal(checkSets(sets), sets)
  for (const [wrong, message] of [
    [undefined, /must return a list/],
    ['X-User', /must return a list/],
    [['X-User'], /without a name/],
    [[null], /without a name/],
    [[{ name: 'a b' }], /without a name/],
    [[{ name: 'Authorization' }], /names "Authorization", which clients must be able to send/],
    [[{ name: 'connection' }], /which clients must be able to send/],
    [[{ name: 'X-User', keep: 'all' }], /wrong "keep" for "X-User": expected nobody, trusted or anyone/],
  ] as const)
    t.throws(() => checkSets(wrong), { message })
})

t.test('a load with a wrong one fails, and says whose it is', async (t) => {
  const wrong = defineFilter({ name: 'wrong', apiVersion: 1, sets: () => [{ name: 'Cookie' }], create: () => ({}) })
  await t.rejects(startGateway(specOf([], ['wrong', 'route-match', 'proxy']), { filters: [wrong] }), {
    message: /the filter "wrong" could not be created: its sets\(\) names "Cookie"/,
  })
})
