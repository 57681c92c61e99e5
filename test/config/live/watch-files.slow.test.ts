import { EventEmitter } from 'node:events'
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { watch } from 'chokidar'
import t, { type Test } from 'tap'
import { type WatchOptions, watchFiles } from '../../../config/live/watch-files.ts'
import { tempFile } from '../support.ts'

/** Watches; `next` says whether a change is told of within a second or two. */
async function watching(
  t: Test,
  files: readonly string[],
  patterns: readonly string[] = [],
  options: WatchOptions = {},
) {
  let count = 0
  let wake = (): void => {}
  const changed = (): void => {
    count++
    wake()
  }
  const stop = await watchFiles(files, patterns, changed, options)
  t.teardown(stop)
  let told = 0
  return {
    next: async (): Promise<boolean> => {
      if (count === told) await Promise.race([sleep(4000), new Promise<void>((done) => (wake = done))])
      const heard = count > told
      told = count
      return heard
    },
    quiet: async (): Promise<boolean> => {
      await sleep(400)
      return count === told
    },
  }
}

function setUp(t: Test) {
  const temp = tempFile()
  t.teardown(temp.remove)
  writeFileSync(temp.file, 'one')
  return temp
}

t.test('a file that is written in place, by renaming, removed, and back', async (t) => {
  const { file, dir } = setUp(t)
  const { next, quiet } = await watching(t, [file])
  writeFileSync(file, 'two')
  t.ok(await next(), 'in place')
  for (const text of ['three', 'four']) {
    writeFileSync(`${file}.tmp`, text)
    renameSync(`${file}.tmp`, file)
    t.ok(await next(), 'by renaming')
  }
  unlinkSync(file)
  t.ok(await next(), 'removed')
  writeFileSync(join(dir, 'beside.txt'), 'x')
  t.ok(await quiet(), 'what lies beside it does not matter')
  writeFileSync(file, 'five')
  t.ok(await next(), 'back')
  writeFileSync(file, 'six')
  t.ok(await next(), 'and watched again')
})

t.test('many writes at once are one change', async (t) => {
  const { file } = setUp(t)
  const { next, quiet } = await watching(t, [file])
  for (let i = 0; i < 50; i++) writeFileSync(file, `text ${i}`)
  t.ok(await next())
  t.ok(await quiet())
})

t.test('writes that do not end are told of all the same', async (t) => {
  const { file } = setUp(t)
  const { next } = await watching(t, [file])
  const writing = setInterval(() => writeFileSync(file, String(performance.now())), 30)
  t.teardown(() => clearInterval(writing))
  t.ok(await next())
})

t.test('what has not changed since the watch began is not told of, and its state is known', async (t) => {
  const { file, dir } = setUp(t)
  const pattern = join(dir, '*.conf')
  const seen = new Map([['/another', 'from an earlier watch']])
  const { quiet } = await watching(t, [file], [pattern], { seen })
  t.ok(await quiet())
  t.strictSame([...seen.keys()], [file, `glob ${pattern}`])
})

t.test('a link that is swapped, as Kubernetes does it, again and again', async (t) => {
  const { dir } = setUp(t)
  const version = (n: number): void => {
    mkdirSync(join(dir, `..v${n}`))
    writeFileSync(join(dir, `..v${n}`, 'a.yaml'), `version ${n}`)
  }
  version(1)
  symlinkSync('..v1', join(dir, '..data'))
  symlinkSync(join('..data', 'a.yaml'), join(dir, 'a.yaml'))
  const { next } = await watching(t, [join(dir, 'a.yaml')])
  for (const n of [2, 3, 4]) {
    version(n)
    symlinkSync(`..v${n}`, join(dir, '..tmp'))
    renameSync(join(dir, '..tmp'), join(dir, '..data'))
    rmSync(join(dir, `..v${n - 1}`), { recursive: true })
    t.ok(await next(), `version ${n}`)
    t.equal(readlinkSync(join(dir, '..data')), `..v${n}`)
  }
})

t.test('a folder that is removed and made again', async (t) => {
  const { dir } = setUp(t)
  const folder = join(dir, 'etc')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.yaml'), 'one')
  const { next } = await watching(t, [join(folder, 'a.yaml')])
  rmSync(folder, { recursive: true })
  t.ok(await next())
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.yaml'), 'two')
  t.ok(await next())
})

t.test('files that come, change and go behind a pattern', async (t) => {
  const { file, dir } = setUp(t)
  const folder = join(dir, 'conf.d')
  mkdirSync(folder)
  writeFileSync(join(folder, 'a.yaml'), 'a')
  const { next, quiet } = await watching(t, [file, join(folder, 'a.yaml')], [join(folder, '*.yaml')])
  writeFileSync(join(folder, 'b.yaml'), 'b')
  t.ok(await next(), 'a new one')
  writeFileSync(join(folder, 'notes.txt'), 'b')
  t.ok(await quiet(), 'one that does not match')
  writeFileSync(join(folder, 'a.yaml'), 'aa')
  t.ok(await next(), 'a changed one')
  unlinkSync(join(folder, 'b.yaml'))
  t.ok(await next(), 'one that is gone')
})

t.test('a pattern with folders that come and go', async (t) => {
  const { dir } = setUp(t)
  mkdirSync(join(dir, 'a'))
  const { next } = await watching(t, [], [join(dir, '*', 'x.yaml')])
  writeFileSync(join(dir, 'a', 'x.yaml'), 'a')
  t.ok(await next(), 'in a folder that is there')
  mkdirSync(join(dir, 'b'))
  writeFileSync(join(dir, 'b', 'x.yaml'), 'b')
  t.ok(await next(), 'in a new one')
  unlinkSync(join(dir, 'b', 'x.yaml'))
  t.ok(await next(), 'which is watched from then on')
})

t.test('links through several folders', async (t) => {
  const { dir } = setUp(t)
  for (const name of ['first', 'second', 'third']) mkdirSync(join(dir, name))
  for (const n of [1, 2, 3]) writeFileSync(join(dir, 'third', String(n)), 'the same')
  const point = (link: string, target: string): void => {
    symlinkSync(target, `${link}.tmp`)
    renameSync(`${link}.tmp`, link)
  }
  const [first, second] = [join(dir, 'first', 'link'), join(dir, 'second', 'link')]
  point(first, '../second/link')
  point(second, join(dir, 'third', '1'))
  const { next } = await watching(t, [first])
  point(second, '../third/2')
  t.ok(await next(), 'the second')
  point(first, '../third/3')
  t.ok(await next(), 'the first')
  writeFileSync(join(dir, 'third', '3'), 'another')
  t.ok(await next(), 'the file')
})

t.test('a folder that does not exist yet', async (t) => {
  const { file, dir } = setUp(t)
  const { next } = await watching(t, [file], [join(dir, 'later', '*.yaml')])
  mkdirSync(join(dir, 'later'))
  writeFileSync(join(dir, 'later', 'a.yaml'), 'a')
  t.ok(await next())
})

t.test('links in a circle are given up', async (t) => {
  const { file, dir } = setUp(t)
  symlinkSync('loop', join(dir, 'loop'))
  const { next } = await watching(t, [file, join(dir, 'loop')])
  writeFileSync(file, 'two')
  t.ok(await next())
})

/** A watcher without events, that fails as inotify does. */
class DeafWatcher extends EventEmitter {
  constructor(code: string) {
    super()
    setImmediate(() => {
      this.emit('error', Object.assign(new Error(`${code}: no more watches`), { code }))
      this.emit('error', new Error('and another one'))
    })
  }
  add(): void {}
  unwatch(): void {}
  async close(): Promise<void> {}
}

for (const code of ['ENOSPC', 'EMFILE'])
  t.test(`without events, because of ${code}, files are compared`, async (t) => {
    const { file, dir } = setUp(t)
    const folder = join(dir, 'conf.d')
    mkdirSync(folder)
    const failures: Error[] = []
    const deaf = (() => new DeafWatcher(code)) as unknown as typeof watch
    const options = { watch: deaf, pollMs: 50, failed: (error: Error) => void failures.push(error) }
    const { next, quiet } = await watching(t, [file], [join(folder, '*.yaml')], options)
    writeFileSync(file, 'two')
    t.ok(await next(), 'in place')
    writeFileSync(`${file}.tmp`, 'three')
    renameSync(`${file}.tmp`, file)
    t.ok(await next(), 'by renaming')
    writeFileSync(join(folder, 'a.yaml'), 'a')
    t.ok(await next(), 'a new one behind a pattern')
    unlinkSync(file)
    t.ok(await next(), 'removed')
    t.ok(await quiet())
    t.strictSame(
      failures.map(({ message }) => message),
      [`${code}: no more watches`],
      'told of once',
    )
  })
