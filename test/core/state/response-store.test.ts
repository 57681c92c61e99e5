import fc from 'fast-check'
import t from 'tap'
import { MemoryResponseStore, type StoredResponse } from '../../../core/state/response-store.ts'

const answer = (size: number, headers: string[] = []): StoredResponse => ({
  status: 200,
  statusText: undefined,
  headers,
  body: Buffer.alloc(size),
  receivedAt: 0,
  age: 0,
  expiresAt: Infinity,
  shared: false,
})

t.test('drops the least recently used first, and what is replaced', async (t) => {
  const store = new MemoryResponseStore({ maxEntries: 2, maxBytes: 1e6 })
  store.set('a', answer(1))
  store.set('b', answer(1))
  t.ok(store.get('a'))
  store.set('c', { vary: ['accept'] })
  t.equal(store.get('b'), undefined)
  t.same(store.get('c'), { vary: ['accept'] })
  store.set('a', answer(5))
  t.equal(store.size, 2)
  t.match(store.get('a'), { body: { length: 5 } })
  store.delete('a')
  store.delete('a')
  store.delete('c')
  t.equal(store.bytes, 0)
})

t.test('what is too large is not stored, and neither is what it replaces', async (t) => {
  const store = new MemoryResponseStore({ maxEntries: 9, maxBytes: 1000 })
  store.set('a', answer(100))
  store.set('a', answer(1000))
  t.equal(store.get('a'), undefined)
  store.set('a', answer(10, ['X', 'x'.repeat(1000)]))
  t.equal(store.get('a'), undefined, 'fields count')
  store.set('a'.repeat(1000), answer(10))
  t.equal(store.size, 0, 'keys count')
})

t.test('never exceeds its limits', async (t) => {
  const steps = fc.array(
    fc.record({ key: fc.nat(9), size: fc.nat(1500), what: fc.constantFrom('set', 'get', 'delete') }),
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(4000), steps, (maxEntries, maxBytes, all) => {
        const store = new MemoryResponseStore({ maxEntries, maxBytes })
        for (const { key, size, what } of all) {
          if (what === 'set') store.set(`${key}`, answer(size))
          else if (what === 'get') store.get(`${key}`)
          else store.delete(`${key}`)
          if (store.size > maxEntries || store.bytes > maxBytes || store.bytes < store.size) return false
        }
        for (let key = 0; key <= 9; key++) store.delete(`${key}`)
        return store.size === 0 && store.bytes === 0
      }),
    ),
  )
})
