import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Figures } from '../../../plugins/statistics/figures.ts'
import { readStatistics, writeStatistics } from '../../../plugins/statistics/statistics-file.ts'
import { StatisticsStore } from '../../../plugins/statistics/statistics-store.ts'
import { GATEWAY } from '../../../plugins/statistics/subject-keys.ts'
import { JumpingClock, pieceOf, took } from './support.ts'

const FINE = { stepMs: 10_000, keepMs: 900_000 }
const COARSE = { stepMs: 60_000, keepMs: 10_800_000 }
const LIMIT = 1024 ** 2

async function storeOf(resolutions = [FINE, COARSE]) {
  const clock = new JumpingClock()
  const store = new StatisticsStore(clock)
  await store.configure(resolutions, LIMIT)
  const sum = (key: string, resolution: number): unknown => {
    const all = new Figures()
    store.read(key, resolution, -Infinity, Infinity, () => all)
    return all.plain()
  }
  return { clock, store, sum }
}

/** A store with traffic, and its file. */
async function saved(t: Pick<Test, 'testdir'>) {
  const file = join(t.testdir({}), 'stats.bin')
  const kept = await storeOf()
  for (let i = 0; i < 20; i++) {
    await kept.store.take(
      pieceOf([
        [kept.clock.wall(), 'a', took(i)],
        [kept.clock.wall(), 'b\nhttp://b.test', took(2 * i)],
      ]),
    )
    kept.clock.advance(10_000)
  }
  await writeStatistics(file, kept.store)
  return { ...kept, file }
}

t.test('what is written is read', async (t) => {
  const { file, sum, clock } = await saved(t)
  const next = await storeOf()
  next.clock.advance(205_000)
  t.ok(await readStatistics(file, next.store, LIMIT))
  for (const key of ['a', 'b\nhttp://b.test', GATEWAY])
    for (const resolution of [0, 1]) t.same(next.sum(key, resolution), sum(key, resolution), `${key} ${resolution}`)
  t.ok(next.store.bytes > 0)
  t.equal(next.store.resolutions[0]!.since, clock.wall() - 200_000)
  await next.store.take(pieceOf([[next.clock.wall(), 'a', took(1)]]))
  t.match(next.sum('a', 0), { requests: 21 }, 'and counting goes on')
})

t.test('of other resolutions, the steps that are the same', async (t) => {
  const { file, sum } = await saved(t)
  const next = await storeOf([COARSE, { stepMs: 3_600_000, keepMs: 86_400_000 }])
  await readStatistics(file, next.store, LIMIT)
  t.same(next.sum('a', 0), sum('a', 1))
  t.match(next.sum('a', 1), { requests: 0 })
})

t.test('only its owner can read it, and nothing else is left in the folder', async (t) => {
  const { file, store } = await saved(t)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  await chmod(file, 0o644)
  await writeStatistics(file, store)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.same(await readdir(join(file, '..')), ['stats.bin'])
})

t.test('a file that is not there is no error', async (t) => {
  const { store } = await storeOf()
  t.notOk(await readStatistics(join(t.testdir({}), 'none'), store, LIMIT))
})

t.test('a file that is cut or changed anywhere is refused as a whole', async (t) => {
  const { file } = await saved(t)
  const bytes = await readFile(file)
  const { store } = await storeOf()
  for (let at = 9; at < bytes.length; at += 7) {
    await writeFile(file, bytes.subarray(0, at))
    await t.rejects(readStatistics(file, store, LIMIT), /broken/)
    const changed = Buffer.from(bytes)
    changed[at]! ^= 16
    await writeFile(file, changed)
    await t.rejects(readStatistics(file, store, LIMIT), /broken/)
  }
  await writeFile(file, Buffer.concat([bytes, bytes]))
  await t.rejects(readStatistics(file, store, LIMIT), /broken/)
  t.same(store.keys(), [])
})

t.test('a file of another version is refused, and may be replaced', async (t) => {
  const { file, store } = await saved(t)
  const bytes = await readFile(file)
  bytes[8] = 99
  await writeFile(file, bytes)
  await t.rejects(readStatistics(file, (await storeOf()).store, LIMIT), /another version/)
  await writeStatistics(file, store)
  t.ok(await readStatistics(file, (await storeOf()).store, LIMIT))
})

t.test('what Weir has not written is neither read nor replaced', async (t) => {
  const { store } = await saved(t)
  const dir = t.testdir({ 'weir.yaml': 'endpoints: []\n', folder: {} })
  for (const name of ['weir.yaml', 'folder']) {
    await t.rejects(readStatistics(join(dir, name), store, LIMIT), /something else|not a regular file/)
    await t.rejects(writeStatistics(join(dir, name), store), /something else|not a regular file/)
  }
  t.equal(await readFile(join(dir, 'weir.yaml'), 'utf8'), 'endpoints: []\n')
  t.same((await readdir(dir)).sort(), ['folder', 'weir.yaml'])
})

t.test('an empty file is replaced', async (t) => {
  const { store } = await saved(t)
  const file = join(t.testdir({ empty: '' }), 'empty')
  await writeStatistics(file, store)
  t.ok(await readStatistics(file, (await storeOf()).store, LIMIT))
})

t.test('a folder that is not there, or a full disk, is an error that says so; a large file is not read', async (t) => {
  const { store, file } = await saved(t)
  await t.rejects(writeStatistics('/nowhere/stats.bin', store), /ENOENT/)
  await t.rejects(readStatistics(file, store, 10), /larger than "max_memory"/)
  const dir = t.testdir({})
  await symlink('/dev/full', join(dir, 'full'))
  await t.rejects(writeStatistics(join(dir, 'full'), store), /not a regular file/)
  await mkdir(join(dir, 'closed'), { mode: 0o500 })
  if (process.getuid?.() !== 0) await t.rejects(writeStatistics(join(dir, 'closed', 'x'), store), /EACCES/)
})
