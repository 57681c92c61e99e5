import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../../core/index.ts'
import { RecordingLogger } from '../../../core/testing.ts'
import { TokenLog } from '../../../plugins/tokens/token-log.ts'
import { folder } from './support.ts'

/** A log of numbers, whose state is the list of them. */
async function opened(file: string, live?: (all: readonly number[]) => number[]) {
  const all: number[] = []
  const log = new RecordingLogger()
  const parts = { file, clock: systemClock, log, live: () => live?.(all) ?? all }
  const tokens = await TokenLog.open<number>(
    parts,
    () => [-1],
    (record) => all.push(record),
  )
  const append = async (...records: number[]): Promise<void> => {
    await tokens.append(records)
    all.push(...records)
  }
  return { all, log, append, close: () => tokens.close() }
}

t.test('what was confirmed is there at the next start, in its order', async (t) => {
  const file = join(await folder(t), 'state')
  const one = await opened(file)
  await one.append(1)
  await Promise.all([one.append(2), one.append(3, 4), one.append(5)])
  await one.close()
  await t.rejects(one.append(6), /closed/)
  const two = await opened(file)
  t.strictSame(two.all, [-1, 1, 2, 3, 4, 5])
  t.equal(two.log.lines.length, 0)
  await two.close()
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.equal((await readFile(file, 'utf8')).split('\n').length - 1, 3, 'those of one turn are one group')
})

t.test('a file that ends anywhere in its last group: the group was never confirmed', async (t) => {
  const dir = await folder(t)
  const file = join(dir, 'state')
  const one = await opened(file)
  await one.append(1)
  const before = (await stat(file)).size
  await one.append(2)
  await one.close()
  const bytes = await readFile(file)
  for (let end = before + 1; end < bytes.length; end++) {
    await writeFile(file, bytes.subarray(0, end))
    const cut = await opened(file)
    t.strictSame(cut.all, [-1, 1], `${end}`)
    await cut.append(7)
    await cut.close()
    t.equal((await readFile(`${file}.damaged`)).length, end)
    const next = await opened(file)
    t.strictSame(next.all, [-1, 1, 7])
    await next.close()
  }
})

t.test('damage before a group that is whole is an error, and nothing is written', async (t) => {
  const dir = await folder(t)
  const file = join(dir, 'state')
  const one = await opened(file)
  for (let i = 0; i < 4; i++) await one.append(i)
  await one.close()
  const bytes = await readFile(file)
  const last = bytes.lastIndexOf('W1 ')
  for (let at = 0; at < last; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 8
    await writeFile(file, changed)
    await t.rejects(opened(file), { message: /state".*(damaged at byte|something else)/ }, `${at}`)
    t.ok((await readFile(file)).equals(changed))
  }
  await writeFile(file, Buffer.concat([bytes.subarray(0, last), bytes]))
  await t.rejects(opened(file), /something else|damaged/, 'a group that comes twice')
  t.strictSame(await readdir(dir), ['state'])
})

t.test('a file of something else, of nothing, or that all can read, is left alone', async (t) => {
  const file = join(await folder(t), 'state')
  for (const text of ['', 'notes\n', 'W1 1 2 00000000 {}\n']) {
    await writeFile(file, text, { mode: 0o600 })
    await t.rejects(opened(file), /left as it is/)
    t.equal(await readFile(file, 'utf8'), text)
  }
  await chmod(file, 0o644)
  await t.rejects(opened(file), /chmod 600/)
})

t.test('the file is rewritten when most of it is over, and nothing is lost', async (t) => {
  const dir = await folder(t)
  const file = join(dir, 'state')
  const one = await opened(file, (all) => [-1, ...all.slice(-3)])
  const many = Array.from({ length: 40_000 }, (_, i) => i)
  let largest = 0
  for (let i = 0; i < 20; i++) {
    await Promise.all([one.append(...many), one.append(i)])
    largest = Math.max(largest, (await stat(file)).size)
  }
  await one.append(99)
  await one.close()
  t.ok(largest < 3 * 1024 ** 2, `${largest} bytes`)
  const two = await opened(file)
  t.strictSame(two.all.slice(-2), [19, 99])
  await two.close()
  t.strictSame(await readdir(dir), ['state'])
})
