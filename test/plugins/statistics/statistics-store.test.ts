import t from 'tap'
import { Figures, REQUESTS } from '../../../plugins/statistics/figures.ts'
import { StatisticsStore } from '../../../plugins/statistics/statistics-store.ts'
import { GATEWAY, keyOf } from '../../../plugins/statistics/subject-keys.ts'
import { JumpingClock, pieceOf, sumOf, took } from './support.ts'

const RESOLUTIONS = [
  { stepMs: 10_000, keepMs: 900_000 },
  { stepMs: 60_000, keepMs: 10_800_000 },
]
const HOUR = 3_600_000

async function setUp(maxBytes = 1024 ** 2, resolutions = RESOLUTIONS) {
  const clock = new JumpingClock()
  const store = new StatisticsStore(clock)
  await store.configure(resolutions, maxBytes)
  /** Requests by step, of all that is kept. */
  const requests = (key: string, resolution = 0): Record<number, number> => {
    const all = new Map<number, Figures>()
    store.read(key, resolution, -Infinity, Infinity, (step) => {
      const made = new Figures()
      all.set(step, made)
      return made
    })
    const { stepMs } = store.resolutions[resolution]!
    return Object.fromEntries(
      Array.from(all, ([step, { counts }]) => [(step * stepMs - clock.wall()) / 1000, counts[REQUESTS]!]),
    )
  }
  const take = (...keys: string[]): Promise<void> =>
    store.take(pieceOf(keys.map((key) => [Math.floor(clock.wall() / 10_000) * 10_000, key, took(5)])))
  /** The same with thirty requests that took from 1 ms to 1 s. */
  const busy = sumOf(Array.from({ length: 30 }, (_, i) => took(1000 ** (i / 29))))
  const takeBusy = (keys: readonly string[]): Promise<void> =>
    store.take(pieceOf(keys.map((key) => [Math.floor(clock.wall() / 10_000) * 10_000, key, busy])))
  return { clock, store, requests, take, takeBusy }
}

t.test('figures are there in each resolution, and those of endpoints are those of the gateway too', async (t) => {
  const { clock, requests, take } = await setUp()
  await take('a', 'b', keyOf('a', 'http://a.test'))
  clock.advance(20_000)
  await take('a', GATEWAY)
  t.same(requests('a'), { '-20': 1, 0: 1 })
  t.same(requests('a', 1), { '-20': 2 })
  t.same(requests(keyOf('a', 'http://a.test')), { '-20': 1 })
  t.same(requests(GATEWAY), { '-20': 2, 0: 2 })
})

t.test('what several processes counted in one step is added up, whenever it comes', async (t) => {
  const { clock, store, requests } = await setUp()
  const now = clock.wall()
  clock.advance(10_000)
  await store.take(pieceOf([[now + 10_000, 'a', took(5)]]))
  await store.take(pieceOf([[now, 'a', took(5)]]))
  await store.take(
    pieceOf([
      [now, 'a', took(5, 3)],
      [now + 10_000, 'a', took(5)],
    ]),
  )
  t.same(requests('a'), { '-10': 4, 0: 2 })
  t.same(requests(GATEWAY), { '-10': 4, 0: 2 })
})

t.test('old steps go, and so do subjects of which nothing is left', async (t) => {
  const { clock, store, requests, take } = await setUp()
  await take('a')
  clock.advance(900_000)
  await take('b')
  t.same(requests('a'), { '-900': 1 })
  clock.advance(10_000)
  await store.sweep()
  t.same(requests('a'), {})
  t.same(requests('a', 1), { '-910': 1 })
  clock.advance(10_860_000)
  await store.sweep()
  t.same(store.keys(), [])
  t.equal(store.bytes, 0)
})

t.test('the wall clock may jump by hours, and nothing is wrong for longer than that', async (t) => {
  const { clock, store, requests, take } = await setUp()
  await take('a')
  clock.advance(10_000)
  clock.jump(5 * HOUR)
  await take('a')
  t.same(requests('a'), { 0: 1 }, 'what was before is too old')
  clock.advance(10_000)
  clock.jump(-8 * HOUR)
  await take('a')
  t.same(requests('a'), { 0: 1 }, 'what was counted in the future is not kept')
  t.same(requests(GATEWAY, 1), { '-20': 1 })
  clock.advance(10_000)
  await take('a')
  t.same(requests('a'), { '-10': 1, 0: 1 })
  await store.sweep()
  t.ok(store.resolutions.every(({ since }) => since <= clock.wall()))
})

t.test('other settings keep the steps that are the same', async (t) => {
  const { clock, store, requests, take } = await setUp()
  await take('a')
  clock.advance(120_000)
  await take('a')
  await store.configure([RESOLUTIONS[1]!, { stepMs: HOUR, keepMs: 24 * HOUR }], 1024 ** 2)
  t.same(requests('a', 0), { '-120': 1, 0: 1 })
  t.same(requests('a', 1), {})
  await take('a')
  t.same(requests('a', 0), { '-120': 1, 0: 2 })
  await store.configure([{ stepMs: 60_000, keepMs: 60_000 }], 1024 ** 2)
  t.same(requests('a', 0), { 0: 2 }, 'and drop what is kept no longer')
})

t.test('beyond the bound, the oldest of the finest steps go first, and then no subject is added', async (t) => {
  const limit = 1024 ** 2
  const { clock, store, requests, take, takeBusy } = await setUp(limit)
  const keys = Array.from({ length: 40 }, (_, i) => `endpoint-${i}`)
  for (let i = 0; i < 1080; i++) {
    await takeBusy(keys)
    clock.advance(10_000)
    if (store.bytes > limit) t.fail(`${store.bytes} bytes`)
  }
  clock.advance(-10_000)
  t.ok(store.dropped.steps > 0)
  t.equal(Object.keys(requests('endpoint-7', 1)).length, 180, 'coarse steps are all there')
  const fine = Object.keys(requests('endpoint-7')).length
  t.ok(fine >= 6 && fine < 90, `${fine} fine steps`)

  const many = Array.from({ length: 5000 }, (_, i) => `other-${i}`)
  await take(...many)
  t.ok(store.bytes <= limit, `${store.bytes} bytes`)
  t.ok(store.dropped.figures > 0, 'not all could be added')
  t.ok(Object.keys(requests('endpoint-7')).length >= 6, 'those that were there have their last steps')
  const before = store.keys().length
  t.ok(before > 500, `${before} subjects`)
  t.equal(requests(GATEWAY)[0], 6200, 'the gateway counts all')
})

t.test('at the bound subjects that are there go on', async (t) => {
  const limit = 1024 ** 2
  const { clock, store, requests, take } = await setUp(limit)
  const many = Array.from({ length: 2000 }, (_, i) => `some-${i}`)
  for (let i = 0; i < 12; i++) {
    await take(...many)
    clock.advance(10_000)
  }
  clock.advance(-10_000)
  t.ok(store.bytes <= limit, `${store.bytes} bytes`)
  t.equal(requests('some-3')[0], 1)
})
