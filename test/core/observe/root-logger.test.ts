import { spawnSync } from 'node:child_process'
import t from 'tap'
import { flushQuietly, type LogDestination } from '../../../core/observe/log-destination.ts'
import { makeLogger } from '../../../core/observe/root-logger.ts'

class Memory implements LogDestination {
  text = ''
  flushed = 0
  write(text: string): boolean {
    this.text += text
    return true
  }
  flushSync(): void {
    this.flushed++
  }
  on(): void {}
  get lines(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
}

t.test('JSON lines with level, time, fields, msg', async (t) => {
  const destination = new Memory()
  const log = makeLogger({ level: 'info', destination })
  log.debug({}, 'not said')
  log.info({ a: 1 }, 'said')
  log.child({ filter: 'auth' }).warn({ err: new TypeError('broken') }, 'nested\n{"forged":1}')
  log.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'bad')
  t.match(destination.lines, [
    { level: 30, time: Number, a: 1, msg: 'said' },
    {
      level: 40,
      filter: 'auth',
      err: { type: 'TypeError', message: 'broken', stack: String },
      msg: 'nested\n{"forged":1}',
    },
    { level: 50, error: { message: /outer/, stack: /inner/ }, msg: 'bad' },
  ])
  t.equal(destination.lines.length, 3)
  t.notOk('pid' in destination.lines[0]!)
  log.flushSync()
  t.equal(destination.flushed, 1)
})

t.test('levels', async (t) => {
  const destination = new Memory()
  makeLogger({ level: 'debug', destination }).debug({}, 'x')
  makeLogger({ level: 'silent', destination }).error({}, 'x')
  t.match(destination.lines, [{ level: 20 }])
})

t.test("a destination that can't be flushed causes no error", async () => {
  flushQuietly({
    write: () => true,
    flushSync: () => {
      throw new Error('not ready')
    },
    on: () => {},
  })
})

t.test('standard output is written in batches, and the rest at exit', async (t) => {
  const module = new URL('../../../core/observe/root-logger.ts', import.meta.url).href
  const program = `import { makeLogger } from ${JSON.stringify(module)}
    const log = makeLogger({ level: 'info' })
    for (let i = 0; i < 1000; i++) log.info({ i }, 'line')
    process.exit(0)`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  t.equal(status, 0)
  const lines = stdout.trim().split('\n')
  t.equal(lines.length, 1000)
  t.match(JSON.parse(lines[999]!), { i: 999, msg: 'line' })
})
