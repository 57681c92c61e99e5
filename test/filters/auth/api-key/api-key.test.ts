import t from 'tap'
import { ApiKey } from '../../../../filters/auth/api-key/api-key.ts'
import { type KeyEntry, keyEntry } from '../../../../filters/auth/api-key/key-entry.ts'
import { parseKeyHash } from '../../../../filters/auth/api-key/key-hash.ts'
import { KEY, sha256 } from './support.ts'

function keyOf(entry: Partial<KeyEntry> = {}): ApiKey {
  const all = keyEntry.parse({ id: 'billing', hash: sha256(KEY), ...entry })
  return new ApiKey(all, parseKeyHash(all.hash)!)
}

t.test('the identity of a key', async (t) => {
  t.strictSame(keyOf().identity, {
    subject: 'billing',
    scheme: 'api_key',
    roles: [],
    scopes: [],
    claims: { key_id: 'billing' },
  })
  const key = keyOf({ owner: 'Ann', roles: ['clerk'], scopes: ['orders:read'] })
  t.strictSame(key.identity, {
    subject: 'Ann',
    scheme: 'api_key',
    roles: ['clerk'],
    scopes: ['orders:read'],
    claims: { key_id: 'billing', owner: 'Ann' },
  })
  t.equal(key.identity, key.identity, 'made once')
  const { identity } = key
  for (const part of [identity, identity.roles, identity.scopes, identity.claims]) t.ok(Object.isFrozen(part))
})

t.test('when a key ends, and where it is good', async (t) => {
  t.equal(keyOf().expires, Number.POSITIVE_INFINITY)
  t.equal(keyOf({ expires: '2027-01-31' }).expires, Date.UTC(2027, 0, 31))
  t.equal(keyOf({ expires: '2027-01-31T18:00:00+01:00' }).expires, Date.UTC(2027, 0, 31, 17))
  t.equal(keyOf({ expires: '2027-01-31T18:00:00.5Z' }).expires, Date.UTC(2027, 0, 31, 18, 0, 0, 500))
  t.equal(keyOf().endpoints, undefined)
  t.strictSame(keyOf({ endpoints: ['v1/orders', 'stock'] }).endpoints, new Set(['v1/orders', 'stock']))
  t.equal(keyOf().disabled, false)
  t.equal(keyOf({ disabled: true }).disabled, true)
})
