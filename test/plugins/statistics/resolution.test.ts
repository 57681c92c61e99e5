import t from 'tap'
import { Resolution } from '../../../plugins/statistics/resolution.ts'

const NOW = 1_000_000_000_000

t.test('it keeps what covers the time, and the step that is open', async (t) => {
  const resolution = new Resolution(10_000, 60_000, 0)
  t.same(resolution.range(NOW + 3000, 0), [NOW / 10_000 - 6, NOW / 10_000])
  t.same(resolution.range(NOW + 3000, 60_000)[1], NOW / 10_000 + 6)
  t.equal(resolution.oldest(NOW + 3000), NOW - 60_000)
  t.equal(new Resolution(10_000, 60_000, NOW - 25_000).oldest(NOW), NOW - 30_000, 'no older than its beginning')
})

t.test('it is shortened by a share of what it may hold, and grows again with time', async (t) => {
  const resolution = new Resolution(10_000, 1_000_000, 0)
  t.ok(resolution.shorten(NOW, 0.25, 6))
  t.equal(resolution.oldest(NOW), NOW - 740_000)
  t.equal(resolution.oldest(NOW + 100_000), NOW - 740_000)
  for (let i = 0; i < 20; i++) resolution.shorten(NOW, 0.25, 6)
  t.equal(resolution.oldest(NOW), NOW - 50_000)
  t.notOk(resolution.shorten(NOW, 0.25, 6), 'there are six steps left')
  t.ok(resolution.shorten(NOW, 0.25, 1))
  const young = new Resolution(10_000, 1_000_000, NOW - 30_000)
  t.notOk(young.shorten(NOW, 0.25, 6), 'it does not hold more than it has counted')
})

t.test('what was dropped before the clock was set back does not hide what comes', async (t) => {
  const resolution = new Resolution(10_000, 60_000, 0)
  resolution.shorten(NOW, 0.5, 1)
  t.same(resolution.range(NOW - 3_600_000, 0)[0], NOW / 10_000 - 366)
})
