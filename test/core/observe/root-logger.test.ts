import { spawnSync } from 'node:child_process'
import t from 'tap'
import { flushQuietly, type LogDestination } from '../../../core/observe/log-destination.ts'
import { makeLogger } from '../../../core/observe/root-logger.ts'
import { HOSTILE } from '../../support/hostile.ts'

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
  on(..._given: unknown[]): void {}
  get lines(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
}

t.test('lines that were lost are told of when there is room again', async (t) => {
  const destination = new Memory()
  let lost: ((lines: number) => void) | undefined
  destination.on = (...[event, listener]: [event: string, listener: (lines: number) => void]) => {
    if (event === 'lost') lost = listener
  }
  makeLogger({ level: 'info', destination })
  lost?.(7)
  t.match(destination.lines, [{ level: 40, lines: 7, msg: /^lines of the log were lost/ }])
})

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

t.test('no method throws, whatever it is given, and each call writes a line that says the rest', async (t) => {
  const destination = new Memory()
  const log = makeLogger({ level: 'debug', destination })
  for (const [what, value] of Object.entries(HOSTILE)) {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      destination.text = ''
      log[level]({ err: value, filter: 'auth', nested: { value, list: [value] } }, 'said')
      t.match(destination.lines, [{ filter: 'auth', nested: {}, msg: 'said' }], `${level} of ${what}`)
    }
    destination.text = ''
    log.child({ err: value, filter: 'auth' }).info({ a: 1 }, 'of a child')
    t.match(destination.lines, [{ filter: 'auth', a: 1, msg: 'of a child' }], `child of ${what}`)
    destination.text = ''
    log.child(value as object).error(value as object, value as string)
    t.equal(destination.lines.length, 1, `nothing but ${what}`)
  }
})

t.test('an error is not changed by writing it', async (t) => {
  const destination = new Memory()
  const log = makeLogger({ level: 'info', destination })
  const error = new Error('a constant')
  log.error({ err: error }, 'as it is')
  log.error({ err: Object.freeze(error) }, 'frozen')
  const [first, second] = destination.lines
  t.same(second!.err, first!.err)
})

t.test('in JavaScript, a message may come alone', async (t) => {
  const destination = new Memory()
  const log = makeLogger({ level: 'info', destination })
  log.info('alone' as never, undefined as never)
  log.info(undefined as never, 'said')
  log.error({ err: new Error('only this') }, undefined as never)
  t.match(destination.lines, [{ msg: 'alone' }, { msg: 'said' }, { msg: 'only this' }])
})

t.test('a line that fails becomes a line that says so', async (t) => {
  const destination = new Memory()
  const write = destination.write.bind(destination)
  let failures = 1
  destination.write = (text) => {
    if (failures-- > 0) throw new Error('the disk is full')
    return write(text)
  }
  const log = makeLogger({ level: 'info', destination })
  log.info({ a: 1 }, 'lost')
  t.match(destination.lines, [
    { level: 50, err: { message: 'the disk is full' }, line: 'lost', msg: /could not be written/ },
  ])
  failures = Infinity
  log.info({}, 'lost too')
  t.equal(destination.lines.length, 1)
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
