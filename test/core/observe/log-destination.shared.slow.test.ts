import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fdDestination } from '../../../core/observe/log-destination.ts'
import { folder } from '../../support/process.ts'

const LOGGING = JSON.stringify(new URL('../../../core/observe/log-destination.ts', import.meta.url).href)

t.test('lines of several processes in one pipe are whole, whatever their length', async (t) => {
  const path = join(await folder(t), 'fifo')
  t.equal(spawnSync('mkfifo', [path]).status, 0)
  const out = openSync(`${path}.out`, 'w')
  const held = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const reader = spawn('cat', [path], { stdio: ['ignore', out, 'inherit'] })
  const read = once(reader, 'close')
  const program = `
    const { fdDestination } = await import(${LOGGING})
    const { openSync, constants } = await import('node:fs')
    const destination = fdDestination(openSync(process.argv[2], constants.O_WRONLY | constants.O_NONBLOCK), true)
    for (let i = 0; i < 3000; i++) {
      destination.write('<' + process.argv[1].repeat(1 + (i * 37) % 3000) + '>\\n')
      if (i % 100 === 0) await new Promise(setImmediate)
    }
    destination.flushSync()`
  const writers = ['a', 'b', 'c'].map((letter) =>
    spawn(process.execPath, ['--input-type=module', '-e', program, letter, path], { stdio: 'inherit' }),
  )
  await Promise.all(writers.map((writer) => once(writer, 'close')))
  closeSync(held)
  await read
  closeSync(out)
  const lines = readFileSync(`${path}.out`, 'utf8').trimEnd().split('\n')
  t.strictSame(
    lines.filter((line) => !/^<(a+|b+|c+)>$/.test(line)).map((line) => line.slice(0, 80)),
    [],
  )
  t.ok(lines.length > 3000, `${lines.length} lines`)
})

t.test('a line that no pipe takes in one piece is cut, and says so', async (t) => {
  const path = join(await folder(t), 'fifo')
  t.equal(spawnSync('mkfifo', [path]).status, 0)
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const destination = fdDestination(fd, true)
  destination.write('short\n')
  destination.write(`${'x'.repeat(10_000)}\n`)
  destination.write('short again\n')
  destination.flushSync()
  const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  reader.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    if (text.endsWith('again\n')) closeSync(fd)
  })
  await once(reader, 'close')
  const [first, cut, last] = text.split('\n')
  t.equal(first, 'short')
  t.equal(Buffer.byteLength(cut!) + 1, 4096)
  t.match(cut, /^x+… \(cut\)$/)
  t.equal(last, 'short again')
})
