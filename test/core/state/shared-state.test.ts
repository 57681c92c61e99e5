import fc from 'fast-check'
import t from 'tap'
import type { ShareSpec } from '../../../core/api/share-spec.ts'
import { SharedState } from '../../../core/state/shared-state.ts'

/** Counts kept under `version`; what was made and closed is noted. */
function counts(notes: string[], version = 1): ShareSpec<{ hits: number }> {
  return {
    version,
    make: (previous) => {
      notes.push(`make ${version}`)
      return { hits: previous?.hits ?? 0 }
    },
    close: ({ hits }) => void notes.push(`close ${version} at ${hits}`),
  }
}

t.test('a reload finds the data of the load before', async (t) => {
  const notes: string[] = []
  const shared = new SharedState()
  const first = shared.begin()
  const before = first.acquire('breaker', counts(notes))
  first.commit()
  before.value.hits = 7
  const second = shared.begin()
  const after = second.acquire('breaker', counts(notes))
  second.commit()
  t.equal(after.value, before.value)
  before.release()
  t.same(notes, ['make 1'], 'what the new instance holds stays open')
  after.release()
  t.same(notes, ['make 1', 'close 1 at 7'])
  t.equal(shared.size, 0)
})

t.test('two instances of one load share what the first created', async (t) => {
  const notes: string[] = []
  const shared = new SharedState()
  const load = shared.begin()
  t.equal(load.acquire('pool', counts(notes)).value, load.acquire('pool', counts(notes)).value)
  t.not(load.acquire('pool', counts(notes)).value, load.acquire('other', counts(notes)).value)
  load.commit()
  t.equal(shared.size, 2)
})

t.test('another version takes over from the old data, which closes with its last holder', async (t) => {
  const notes: string[] = []
  const shared = new SharedState()
  const first = shared.begin()
  const old = first.acquire('counts', counts(notes, 1))
  first.commit()
  old.value.hits = 3
  const second = shared.begin()
  const fresh = second.acquire('counts', counts(notes, 2))
  second.commit()
  t.equal(fresh.value.hits, 3)
  old.value.hits = 4
  t.equal(fresh.value.hits, 3, 'they are two objects')
  old.release()
  t.same(notes, ['make 1', 'make 2', 'close 1 at 4'])
  t.equal(shared.begin().acquire('counts', counts(notes, 2)).value, fresh.value, 'the new one is still found')
})

t.test('a load that fails closes what it created, and nothing else', async (t) => {
  const notes: string[] = []
  const shared = new SharedState()
  const good = shared.begin()
  const kept = good.acquire('kept', counts(notes))
  good.commit()
  const bad = shared.begin()
  for (const { release } of [bad.acquire('kept', counts(notes)), bad.acquire('made', counts(notes))]) release()
  t.same(notes, ['make 1', 'make 1', 'close 1 at 0'])
  t.equal(shared.size, 1)
  t.equal(shared.begin().acquire('kept', counts(notes)).value, kept.value)
})

t.test('data that was released before the commit is not found again', async (t) => {
  const notes: string[] = []
  const shared = new SharedState()
  const load = shared.begin()
  load.acquire('gone', counts(notes)).release()
  load.commit()
  t.equal(shared.size, 0)
  t.same(notes, ['make 1', 'close 1 at 0'])
})

t.test('data without close', async (t) => {
  const shared = new SharedState()
  const load = shared.begin()
  const { release } = load.acquire('plain', { version: 'a', make: () => 1 })
  load.commit()
  release()
  t.equal(shared.size, 0)
})

t.test('data whose close fails is released all the same', async (t) => {
  const shared = new SharedState()
  const failing = (close: () => unknown): ShareSpec<number> => ({
    version: 1,
    make: () => 1,
    close: close as () => void,
  })
  const load = shared.begin()
  const sync = load.acquire(
    'sync',
    failing(() => {
      throw new Error('no')
    }),
  )
  const later = load.acquire(
    'later',
    failing(async () => {
      throw new Error('not yet')
    }),
  )
  load.commit()
  t.throws(() => sync.release(), /^no$/)
  t.equal(shared.size, 1)
  await t.rejects(later.release() as Promise<unknown>, /not yet/, 'what close returns is passed on')
  t.equal(shared.size, 0)
})

t.test('after any loads, everything was closed once, and not while it was held', async () => {
  const load = fc.record({ keys: fc.array(fc.nat(2)), version: fc.nat(1), commits: fc.boolean() })
  fc.assert(
    fc.property(fc.array(load), (loads) => {
      const shared = new SharedState()
      const open = new Set<object>()
      const spec = (version: number): ShareSpec<object> => ({
        version,
        make: () => {
          const value = {}
          open.add(value)
          return value
        },
        close: (value) => {
          if (!open.delete(value)) throw new Error('closed twice')
        },
      })
      let live: { value: object; release(): unknown }[] = []
      for (const { keys, version, commits } of loads) {
        const transaction = shared.begin()
        const acquired = keys.map((key) => transaction.acquire(String(key), spec(version)))
        if (commits) transaction.commit()
        for (const { release } of commits ? live : acquired) release()
        if (commits) live = acquired
        if (!live.every(({ value }) => open.has(value))) return false
      }
      for (const { release } of live) release()
      return open.size === 0 && shared.size === 0
    }),
  )
})
