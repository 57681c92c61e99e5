import t from 'tap'
import { silentLogger } from '../../../core/api/logger.ts'
import { Body, HeaderList, type Response, type ResponseStore, type StoredEntry } from '../../../core/index.ts'
import { exchange, ManualClock } from '../../../core/testing.ts'
import { directivesOf, initialAge } from '../../../filters/breaker/cache-rules.ts'
import { LastResponses } from '../../../filters/breaker/last-responses.ts'

const NOW = new ManualClock().wall()

const given = (headers: Record<string, string> = {}): Response => ({
  status: 200,
  statusText: undefined,
  headers: HeaderList.of(headers),
  body: Body.empty(),
})

function answersOn(store: ResponseStore, warned: string[] = []): LastResponses {
  const log = { ...silentLogger, warn: (_fields: object, message: string) => void warned.push(message) }
  const limits = { maxAge: 1000, maxEntryBytes: 1000, maxBytes: 1000 }
  return new LastResponses({ store, collecting: 0 }, limits, 'breaker', new ManualClock(), log)
}

t.test('a store in another process: its methods return promises', async (t) => {
  const kept = new Map<string, StoredEntry>()
  const answers = answersOn({
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
    delete: async (key) => void kept.delete(key),
  })
  const x = exchange({ headers: { Accept: 'a/b' } })
  t.equal(await answers.find(x, 'refusal'), 'refusal')
  answers.keep(x, given({ Vary: 'accept' }), NOW)
  await new Promise(setImmediate)
  t.equal(kept.size, 2)
  t.match(await answers.find(x, 'refusal'), { status: 200 })
  t.equal(await answers.find(exchange(), 'refusal'), 'refusal')
})

t.test('a store that can not be reached is done without', async (t) => {
  const warned: string[] = []
  const rejects = answersOn(
    {
      get: async () => Promise.reject(new Error('away')),
      set: async () => Promise.reject(new Error('away')),
      delete: () => {},
    },
    warned,
  )
  t.equal(await rejects.find(exchange(), 'refusal'), 'refusal')
  rejects.keep(exchange(), given(), NOW)
  await new Promise(setImmediate)
  const throws = answersOn(
    {
      get: () => {
        throw new Error('away')
      },
      set: () => {
        throw new Error('away')
      },
      delete: () => {},
    },
    warned,
  )
  t.equal(await throws.find(exchange(), 'refusal'), 'refusal')
  throws.keep(exchange(), given(), NOW)
  t.same(warned, Array(4).fill('the response store failed'))
})

t.test('the age of an answer when it arrives', async (t) => {
  const at = Date.UTC(2026, 0, 1, 0, 0, 10)
  const age = (headers: Record<string, string>) => initialAge(HeaderList.of(headers), at - 2000, at)
  t.equal(age({}), 2000, 'the time that the call took')
  t.equal(age({ Age: '5' }), 7000)
  t.equal(age({ Age: 'x', Date: 'yesterday' }), 2000)
  t.equal(age({ Age: '1', Date: 'Thu, 01 Jan 2026 00:00:00 GMT' }), 10_000)
  t.equal(age({ Date: 'Thu, 01 Jan 2026 00:01:00 GMT' }), 2000, 'a clock that is ahead')
})

t.test('Cache-Control, however it is written', async (t) => {
  const read = (...values: string[]) => [...directivesOf(HeaderList.of({ 'Cache-Control': values }))]
  t.same(read(), [])
  t.same(read('Max-Age=5,no-store', ' S-MaxAge="7" ;x'), [
    ['max-age', '5'],
    ['no-store', ''],
    ['s-maxage', '7'],
    ['x', ''],
  ])
  t.ok(directivesOf(HeaderList.of({ 'Cache-Control': 'private="set-cookie' })).has('private'))
  t.ok(directivesOf(HeaderList.of({ 'Cache-Control': 'a="b, no-store' })).has('no-store'), 'the stricter reading')
})
