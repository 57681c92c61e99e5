import t from 'tap'
import { KnownTokens } from '../../../core/control/own-tokens.ts'

const TRUST = { issuer: 'https://a.test', audience: 'a', algorithm: 'ES256', keys: [] } as const

t.test('what a later process must be told is what was learned', async (t) => {
  const known = new KnownTokens()
  t.strictSame(known.all, { trust: null, revoked: [] })
  known.learn({ trust: TRUST, revoked: [['j', 5000]] }, 0, 0)
  t.strictSame(known.all, { trust: TRUST, revoked: [['j', 5000]] })
  known.learn({ revoked: [['s', 9000]] }, 0, 0)
  t.equal(known.trust, TRUST)
  t.ok(known.isRevoked('j', undefined))
  t.ok(known.isRevoked(undefined, 's'))
  t.notOk(known.isRevoked('s2', 1))
  known.learn({ trust: null }, 0, 0)
  t.equal(known.trust, undefined)
})

t.test('a revocation is forgotten when its time is over by both clocks', async (t) => {
  const known = new KnownTokens()
  known.learn({ revoked: [['j', 5000]] }, 0, 0)
  known.learn({}, 10_000_000, 61_000 - 60_500)
  t.ok(known.isRevoked('j', undefined), 'the wall clock was set forward')
  known.learn({}, 100_000, 122_000)
  t.notOk(known.isRevoked('j', undefined))
  known.learn({ revoked: [['k', 500_000]] }, 100_000, 122_000)
  known.learn({}, 600_000, 300_000)
  t.ok(known.isRevoked('k', undefined), 'and the other one had not got there')
})
