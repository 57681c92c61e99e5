import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import t from 'tap'
import { ApiKey } from '../../../../filters/auth/api-key/api-key.ts'
import { ApiKeys } from '../../../../filters/auth/api-key/api-keys.ts'
import { hashText, parseKeyHash, secretOf } from '../../../../filters/auth/api-key/key-hash.ts'
import { KEY, OTHER_KEY, SECRET } from './support.ts'

const secret = secretOf(Buffer.from(SECRET))

function keyOf(id: string, hash: string): ApiKey {
  return new ApiKey({ id, hash, roles: [], scopes: [], disabled: false }, parseKeyHash(hash)!)
}

t.test('a key is found by its text, of either kind of hash', async (t) => {
  const keys = new ApiKeys(secret)
  const plain = keyOf('plain', hashText(KEY, undefined))
  const keyed = keyOf('keyed', hashText(OTHER_KEY, secret))
  t.equal(keys.find(KEY), undefined)
  t.equal(keys.add(plain), undefined)
  t.equal(keys.add(keyed), undefined)
  t.equal(keys.size, 2)
  t.equal(keys.find(KEY), plain)
  t.equal(keys.find(OTHER_KEY), keyed)
  for (const text of [`${KEY}x`, KEY.slice(1), KEY.toUpperCase(), '', 'x'.repeat(600)])
    t.equal(keys.find(text), undefined)
})

t.test('a hash stands once', async (t) => {
  const keys = new ApiKeys(undefined)
  const first = keyOf('a', hashText(KEY, undefined))
  keys.add(first)
  t.equal(keys.add(keyOf('b', hashText(KEY, undefined))), first)
  t.equal(keys.size, 1)
  t.equal(keys.find(KEY)?.id, 'a')
})

t.test('a hash counts only as what it says it is', async (t) => {
  const keys = new ApiKeys(secret)
  keys.add(keyOf('a', hashText(KEY, undefined).replace('sha256', 'hmac-sha256')))
  keys.add(keyOf('b', hashText(OTHER_KEY, secret).replace('hmac-sha256', 'sha256')))
  t.equal(keys.find(KEY), undefined)
  t.equal(keys.find(OTHER_KEY), undefined)
})

t.test('the text of a hash is no key', async (t) => {
  const keys = new ApiKeys(undefined)
  const hash = hashText(KEY, undefined)
  keys.add(keyOf('a', hash))
  t.equal(keys.find(hash), undefined)
  t.equal(keys.find(hash.slice(7)), undefined)
})

t.test('hashes are looked up under a random key, and compared in constant time', async (t) => {
  const real = { createHmac: crypto.createHmac, timingSafeEqual: crypto.timingSafeEqual }
  const hmacKeys: unknown[] = []
  const compared: number[] = []
  t.teardown(() => {
    Object.assign(crypto, real)
    syncBuiltinESMExports()
  })
  crypto.createHmac = (algorithm, key, options) => {
    hmacKeys.push(key)
    return real.createHmac(algorithm, key, options)
  }
  crypto.timingSafeEqual = (a, b) => {
    compared.push(a.byteLength)
    return real.timingSafeEqual(a, b)
  }
  syncBuiltinESMExports()
  const [one, two] = [new ApiKeys(undefined), new ApiKeys(undefined)]
  for (const keys of [one, two]) keys.add(keyOf('a', hashText(KEY, undefined)))
  const used = hmacKeys.splice(0) as crypto.KeyObject[]
  t.equal(used.length, 2)
  t.notOk(used[0]!.equals(used[1]!), 'each list has a key of its own')
  t.ok(used.every((key) => key.symmetricKeySize === 32))
  t.equal(one.find(KEY)?.id, 'a')
  t.strictSame(hmacKeys.splice(0), [used[0]])
  t.strictSame(compared.splice(0), [32])
  t.equal(one.find(OTHER_KEY), undefined)
  t.strictSame(hmacKeys.splice(0), [used[0]], 'an unknown key takes the same steps up to the comparison')
  t.strictSame(compared, [])
})
