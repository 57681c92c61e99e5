import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fdDestination, type LogDestination } from '../../../core/observe/log-destination.ts'
import { folder } from '../../support/process.ts'

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants
const LOGGING = JSON.stringify(new URL('../../../core/observe/log-destination.ts', import.meta.url).href)

async function fifo(t: Test): Promise<string> {
  const path = join(await folder(t), 'fifo')
  t.equal(spawnSync('mkfifo', [path]).status, 0)
  return path
}

/** A line of 1 KiB. */
const line = (i: number): string => `${String(i).padEnd(1023, '.')}\n`
const lines = (count: number): string => Array.from({ length: count }, (_, i) => line(i)).join('')

/** Empties it as soon as the reader has caught up. */
const emptied = (destination: LogDestination): Promise<void> =>
  new Promise((resolve) => {
    destination.on('drain', () => {
      destination.flushSync()
      resolve()
    })
  })

/** Everything that another process reads until the pipe is closed here. It writes to a file: a flush blocks this process. */
async function read(path: string): Promise<string> {
  const out = openSync(`${path}.out`, 'w')
  await once(spawn('cat', [path], { stdio: ['ignore', out, 'inherit'] }), 'close')
  closeSync(out)
  return readFileSync(`${path}.out`, 'utf8')
}

t.test('a pipe that takes a part and then nothing for a while gets every byte in order', async (t) => {
  const path = await fifo(t)
  const fd = openSync(path, O_RDWR | O_NONBLOCK)
  const destination = fdDestination(fd)
  const empty = emptied(destination)
  const behind: boolean[] = []
  for (let i = 0; i < 300; i++) behind.push(destination.write(i % 2 === 0 ? line(i) : Buffer.from(line(i))))
  t.equal(behind[0], true)
  t.equal(behind[299], false, 'it says that it is behind')
  const received = read(path)
  await empty
  closeSync(fd)
  t.equal(await received, lines(300))
})

t.test(
  'what nobody reads costs 4 MiB, then lines; whoever reads later gets whole ones, and those that come',
  async (t) => {
    const path = await fifo(t)
    const fd = openSync(path, O_RDWR | O_NONBLOCK)
    const destination = fdDestination(fd)
    const empty = emptied(destination)
    const lost = new Promise<number>((resolve) => void destination.on('lost', resolve))
    for (let i = 0; i < 6000; i++) destination.write(line(i))
    const received = read(path)
    await empty
    const told = await lost
    destination.write('and it goes on\n')
    destination.flushSync()
    closeSync(fd)
    const [last, ...kept] = (await received).trimEnd().split('\n').reverse()
    t.equal(last, 'and it goes on')
    t.equal(kept.reverse().join(''), lines(kept.length).replaceAll('\n', ''))
    t.equal(told, 6000 - kept.length)
    t.ok(kept.length >= 4096 && kept.length < 4400, `${kept.length} KiB, with what the pipe itself holds`)
  },
)

t.test('a flush waits about a second for a reader that takes nothing, and not longer', async (t) => {
  const fd = openSync(await fifo(t), O_RDWR | O_NONBLOCK)
  const destination = fdDestination(fd)
  for (let i = 0; i < 300; i++) destination.write(line(i))
  const started = performance.now()
  destination.flushSync()
  const took = performance.now() - started
  t.ok(took > 500 && took < 5000, `${took} ms`)
  closeSync(fd)
})

t.test('when the reader has gone, nothing fails and nothing is kept', async (t) => {
  const path = await fifo(t)
  const reader = openSync(path, O_RDONLY | O_NONBLOCK)
  const [one, two] = [0, 1].map(() => openSync(path, O_WRONLY | O_NONBLOCK))
  closeSync(reader)
  const destination = fdDestination(one)
  for (let i = 0; i < 10_000; i++) if (!destination.write(line(i))) t.fail('it is behind')
  destination.flushSync()
  const flushed = fdDestination(two)
  flushed.write('a line\n')
  flushed.flushSync()
  t.equal(flushed.write(lines(100)), true)
  for (const fd of [one, two]) closeSync(fd!)
})

t.test('a file gets every line', async (t) => {
  const path = join(await folder(t), 'log')
  const fd = openSync(path, 'a')
  const destination = fdDestination(fd)
  const empty = emptied(destination)
  for (let i = 0; i < 100; i++) destination.write(line(i))
  await empty
  t.equal(readFileSync(path, 'utf8'), lines(100))
  closeSync(fd)
})

t.test('a flush emits drain if write returned false before', async (t) => {
  const path = await fifo(t)
  const fd = openSync(path, O_RDWR | O_NONBLOCK)
  const destination = fdDestination(fd)
  const drained = new Promise<void>((resolve) => void destination.on('drain', resolve))
  for (let i = 0; i < 300; i++) destination.write(line(i))
  // Into a file: this process can read nothing while it flushes.
  const reader = spawn('sh', ['-c', 'exec cat "$0" > "$0.read"', path], { stdio: 'inherit' })
  const exit = once(reader, 'exit')
  destination.flushSync()
  await drained
  closeSync(fd)
  await exit
  t.equal(readFileSync(`${path}.read`, 'utf8'), lines(300))
})

/** A program that writes 2 MiB to its standard output, half of it at the very end. */
const AT_THE_END = `import { fdDestination } from ${LOGGING}
const destination = fdDestination()
const write = (from, to) => {
  for (let i = from; i < to; i++) destination.write(String(i).padEnd(1023, '.') + '\\n')
}
write(0, 1000)
setImmediate(() => {
  write(1000, 2000)
  process.exit(0)
})`

t.test('what a process writes at exit is complete, even with a slow reader', async (t) => {
  const path = await fifo(t)
  const fd = openSync(path, O_RDWR)
  const child = spawn(process.execPath, ['--input-type=module', '-e', AT_THE_END], { stdio: ['ignore', fd, 'inherit'] })
  const exit = once(child, 'exit')
  const received = read(path)
  t.same(await exit, [0, null])
  closeSync(fd)
  t.equal(await received, lines(2000))
})

t.test('a process ends although its standard output is a pipe that nobody reads', async (t) => {
  const fd = openSync(await fifo(t), O_RDWR)
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', AT_THE_END], {
    stdio: ['ignore', fd, 'inherit'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  })
  t.same([status, signal], [0, null])
  closeSync(fd)
})
