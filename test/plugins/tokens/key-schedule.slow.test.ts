import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sleep } from '../../../core/index.ts'
import { RecordingLogger } from '../../../core/testing.ts'
import { readKeys, writeNewKey } from '../../../plugins/tokens/key-folder.ts'
import { type KeyRules, KeySchedule } from '../../../plugins/tokens/key-schedule.ts'
import { folder, JumpingClock } from './support.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

async function schedule(t: Pick<Test, 'teardown'>, rules: Partial<KeyRules> = {}, given?: string) {
  const dir = given ?? join(await folder(t), 'keys')
  const clock = new JumpingClock()
  const log = new RecordingLogger()
  const published: string[][] = []
  const bench = { publish: async () => {} }
  const keys = new KeySchedule({
    dir,
    clock,
    log,
    rules: { algorithm: 'ES256', rotateEveryMs: undefined, ...rules },
    publish: async (all) => {
      await bench.publish()
      published.push(all.map(({ kid }) => kid))
    },
  })
  await keys.start()
  t.teardown(() => keys.stop())
  return { dir, clock, log, published, keys, bench }
}

t.test('a first start makes a key, which signs at once; the next start uses it', async (t) => {
  const { dir, keys, published } = await schedule(t)
  t.strictSame(published, [[keys.current.kid]])
  const next = await schedule(t, {}, dir)
  t.equal(next.keys.current.kid, keys.current.kid)
})

t.test('a new file is published at once, signs five minutes later, and the old key stays a day', async (t) => {
  const { dir, keys, clock, published } = await schedule(t)
  const first = keys.current.kid
  clock.advance(HOUR)
  const { kid } = await writeNewKey(dir, 'ES256', clock.wall())
  await keys.look()
  t.strictSame(published.at(-1), [first, kid])
  t.equal(keys.current.kid, first)
  clock.advance(5 * MINUTE - 1)
  await keys.look()
  t.equal(keys.current.kid, first)
  clock.advance(1)
  await keys.look()
  t.equal(keys.current.kid, kid)
  clock.advance(24 * HOUR + 10 * MINUTE - 1)
  await keys.look()
  t.ok(keys.key(first))
  t.equal((await readKeys(dir)).length, 2)
  clock.advance(1)
  await keys.look()
  t.notOk(keys.key(first))
  t.strictSame(published.at(-1), [kid])
  t.equal((await readKeys(dir)).length, 1)
})

t.test('a folder that changes is seen without a call', async (t) => {
  const { dir, keys, clock } = await schedule(t)
  const { kid } = await writeNewKey(dir, 'ES256', clock.wall())
  for (let i = 0; i < 100 && keys.key(kid) === undefined; i++) await sleep(20)
  t.ok(keys.key(kid))
})

t.test('keys are rotated by time, and never without an end', async (t) => {
  const { dir, keys, clock } = await schedule(t, { rotateEveryMs: 10 * MINUTE })
  const signed = new Set<string>()
  for (let i = 0; i < 80; i++) {
    clock.advance(10 * MINUTE)
    await keys.look()
    signed.add(keys.current.kid)
  }
  t.ok(signed.size > 40, `${signed.size}`)
  t.ok((await readKeys(dir)).length <= 50)
})

t.test('no key signs before every process knows it', async (t) => {
  const { dir, keys, clock, bench, log } = await schedule(t)
  const first = keys.current.kid
  await writeNewKey(dir, 'ES256', clock.wall() + 1)
  bench.publish = () => Promise.reject(new Error('a worker is silent'))
  clock.advance(HOUR)
  await keys.look()
  t.equal(keys.current.kid, first)
  t.equal(keys.keys.length, 1)
  t.match(log.lines.at(-1), { level: 'error' })
  bench.publish = async () => {}
  await keys.look()
  t.not(keys.current.kid, first)
})

t.test('a damaged file at run time changes nothing; a removed one withdraws its key', async (t) => {
  const { dir, keys, clock, log } = await schedule(t)
  const first = keys.current.kid
  const bad = join(dir, `${'b'.repeat(20)}.json`)
  await writeFile(bad, '{', { mode: 0o600 })
  await keys.look()
  t.equal(keys.current.kid, first)
  t.match(JSON.stringify(log.lines.at(-1)?.fields.err, ['message']) ?? '', /bbbb/)
  await rename(dir, `${dir}.away`)
  await keys.look()
  t.equal(keys.current.kid, first, 'a folder that is gone for a moment')
  await rename(`${dir}.away`, dir)
  await rm(bad)
  const { kid } = await writeNewKey(dir, 'ES256', clock.wall() + 1)
  await rm(join(dir, `${first}.json`))
  await keys.look()
  t.equal(keys.current.kid, kid, 'at once: there is no other')
  t.notOk(keys.key(first))
  await rm(join(dir, `${kid}.json`))
  await keys.look()
  t.notOk([first, kid].includes(keys.current.kid), 'without any a new one is made')
})

t.test('another algorithm gets a key of its own, and the old one stays meanwhile', async (t) => {
  const { keys, clock } = await schedule(t)
  clock.advance(HOUR)
  await keys.apply({ algorithm: 'EdDSA', rotateEveryMs: undefined })
  t.strictSame(
    keys.keys.map(({ algorithm }) => algorithm),
    ['ES256', 'EdDSA'],
  )
  t.equal(keys.current.algorithm, 'ES256')
  clock.advance(5 * MINUTE)
  await keys.look()
  t.equal(keys.current.algorithm, 'EdDSA')
  clock.advance(HOUR)
  await keys.look()
  t.equal(keys.keys.length, 2)
})

t.test('clocks that are set: a key of the future signs where it is the only one; none is lost', async (t) => {
  const { dir, keys, clock } = await schedule(t, { rotateEveryMs: HOUR })
  const first = keys.current.kid
  clock.jump(-48 * HOUR)
  await keys.look()
  t.equal(keys.current.kid, first)
  const next = await schedule(t, {}, dir)
  t.equal(next.keys.current.kid, first)
  clock.jump(48 * HOUR)
  await keys.look()
  t.equal((await readKeys(dir)).length, 1)
})

t.test('a start with a damaged file rejects, and writes nothing', async (t) => {
  const root = await folder(t)
  const dir = join(root, 'keys')
  await writeNewKey(dir, 'ES256', 0)
  const bad = join(dir, `${'b'.repeat(20)}.json`)
  await writeFile(bad, 'x', { mode: 0o600 })
  await t.rejects(schedule(t, { algorithm: 'EdDSA' }, dir), /bbbb.*\.json" is no usable key/)
  await rm(bad)
  t.equal((await readKeys(dir)).length, 1)
})
