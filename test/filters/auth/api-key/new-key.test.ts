import t from 'tap'
import { isKey } from '../../../../filters/auth/api-key/key-hash.ts'
import { newKey, newKeyId } from '../../../../filters/auth/api-key/new-key.ts'

t.test('new keys are random, 256 bits of letters and digits', async (t) => {
  const keys = Array.from({ length: 500 }, newKey)
  t.equal(new Set(keys).size, 500)
  for (const key of keys) t.match(key, /^weir_[A-Za-z0-9]{43}$/)
  t.ok(keys.every(isKey))
  // 21,500 letters: each of the 62 comes about 347 times (standard deviation: 18).
  const counts = Map.groupBy(
    keys.flatMap((key) => [...key.slice(5)]),
    (letter) => letter,
  )
  t.equal(counts.size, 62)
  for (const [letter, found] of counts) t.ok(found.length > 220 && found.length < 480, `${letter}: ${found.length}`)
})

t.test('names for keys without one', async (t) => {
  t.match(newKeyId(), /^key-[A-Za-z0-9]{8}$/)
  t.not(newKeyId(), newKeyId())
})
