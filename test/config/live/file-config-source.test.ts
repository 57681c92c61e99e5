import { spawnSync } from 'node:child_process'
import {
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import t, { type Test } from 'tap'
import { FileConfigSource, MAX_FILE_SIZE } from '../../../config/live/file-config-source.ts'
import { tempFile } from '../support.ts'

function setUp(t: Test) {
  const temp = tempFile()
  t.teardown(temp.remove)
  return { ...temp, source: new FileConfigSource(temp.file) }
}

/** How often this process has a file open. */
const openings = (file: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === realpathSync(file)
    } catch {
      return false // it was that of the folder itself
    }
  }).length

const refusal = (message: string | RegExp) => ({ name: 'ConfigError', problems: [{ path: [], message }] })

t.test('a file is read whole, up to the largest size', async (t) => {
  const { file, source } = setUp(t)
  const text = 'a: b\n'.repeat(100_000)
  writeFileSync(file, text)
  t.ok((await source.read(file)).equals(Buffer.from(text)))
  truncateSync(file, MAX_FILE_SIZE)
  t.equal((await source.read(file)).length, MAX_FILE_SIZE)
  truncateSync(file, MAX_FILE_SIZE + 1)
  await t.rejects(source.read(file), refusal('the file is larger than 10 MiB'))
})

t.test('only the main file has a hint how to begin', async (t) => {
  const { file, dir, source } = setUp(t)
  await t.rejects(source.read(file), refusal('there is no such file. "weir init" writes one to start with'))
  await t.rejects(source.read(join(dir, 'other.yaml')), refusal('there is no such file'))
  await t.rejects(source.read(dir), refusal('this is a folder, not a file'))
  symlinkSync('loop', join(dir, 'loop'))
  await t.rejects(source.read(join(dir, 'loop')), refusal(/^the file can't be read: ELOOP/))
})

t.test('a pipe is read to its end, however late its writer is', async (t) => {
  const { file, source } = setUp(t)
  t.equal(spawnSync('mkfifo', [file]).status, 0)
  // Open for both, so that neither end waits for the other.
  const writer = await open(file, constants.O_RDWR | constants.O_NONBLOCK)
  const text = source.read(file)
  while (openings(file) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  await writer.write('listen: ')
  await new Promise((resolve) => setTimeout(resolve, 50))
  await writer.write('8000\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  await writer.close()
  t.equal(String(await text), 'listen: 8000\n')
})

t.test('a pattern is every file that matches, in order; anything else is one name', async (t) => {
  const { file, dir, source } = setUp(t)
  mkdirSync(join(dir, 'conf'))
  for (const name of ['b.yaml', 'a.yaml', 'c.txt']) writeFileSync(join(dir, 'conf', name), '')
  const inside = (...names: string[]): string[] => names.map((name) => join(dir, 'conf', name))
  t.strictSame(await source.expand('conf/*.yaml'), inside('a.yaml', 'b.yaml'))
  t.strictSame(await source.expand('conf/{c,a}.*'), inside('a.yaml', 'c.txt'))
  t.strictSame(await source.expand('conf/[bc].yaml'), inside('b.yaml'))
  t.strictSame(await source.expand('conf/?.txt'), inside('c.txt'))
  t.strictSame(await source.expand(join(dir, 'conf/*.txt')), inside('c.txt'), 'absolute')
  t.strictSame(await source.expand('conf/none*'), [])
  t.strictSame(await source.expand('conf/missing.yaml'), inside('missing.yaml'), 'it need not exist')
  t.strictSame(await source.expand('/etc/x.yaml'), ['/etc/x.yaml'])
  const [relative] = await new FileConfigSource('some/weir.yaml').expand('more.yaml')
  t.equal(relative, join('some', 'more.yaml'), 'relative like the main file')
  t.ok(isAbsolute(file))
})

t.test('a text is written over the one that was read, if it is short enough', async (t) => {
  const { file, source } = setUp(t)
  writeFileSync(file, 'old')
  t.equal(await source.write(file, Buffer.from('new'), Buffer.from('other')), false)
  t.equal(readFileSync(file, 'utf8'), 'old')
  t.equal(await source.write(file, Buffer.from('new'), Buffer.from('old')), true)
  t.equal(readFileSync(file, 'utf8'), 'new')
  await t.rejects(
    source.write(file, Buffer.alloc(MAX_FILE_SIZE + 1), Buffer.from('new')),
    refusal('the file would be larger than 10 MiB'),
  )
  t.equal(await source.write(file, Buffer.alloc(MAX_FILE_SIZE, 'x'), Buffer.from('new')), true)
})

t.test('a change since the last read is told of at once, others when they come', async (t) => {
  const { file, dir, source } = setUp(t)
  writeFileSync(file, 'one')
  await source.read(file)
  writeFileSync(file, 'two, before anybody watches')
  let changed = Promise.withResolvers<void>()
  const stop = await source.watch({ names: [file], patterns: ['*.conf', 'plain.yaml'] }, () => changed.resolve())
  t.teardown(stop)
  await changed.promise
  changed = Promise.withResolvers()
  writeFileSync(join(dir, 'new.conf'), '')
  await changed.promise
  t.pass('a file that matches has come')
})
