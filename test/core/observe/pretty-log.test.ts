import t from 'tap'
import { PrettyPrinter } from '../../../core/observe/pretty-log.ts'

const at = new Date(2026, 0, 31, 12, 0, 1, 23).getTime()
const pretty = (line: object | string, color = false, isoTime = false): string =>
  new PrettyPrinter({ color, isoTime }).lines(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)

t.test('time, level, message, fields', async (t) => {
  const line = { level: 30, time: at, listener: 'proxy', port: 8000, note: 'two words', list: [1], msg: 'it listens' }
  t.equal(pretty(line), '12:00:01.023 INFO  it listens  listener=proxy port=8000 note="two words" list=[1]\n')
  t.equal(pretty({ level: 'warn', time: new Date(at).toISOString(), msg: 'x' }), '12:00:01.023 WARN  x\n')
  t.equal(pretty({ level: 30, time: at, msg: 'x' }, false, true), `${new Date(at).toISOString()} INFO  x\n`)
  t.equal(
    pretty({ level: 50, time: at, msg: 'x', a: 1 }, true),
    '\x1b[2m12:00:01.023\x1b[0m \x1b[31mERROR\x1b[0m x  \x1b[2ma=1\x1b[0m\n',
  )
})

t.test('an access line says what was asked for, what came of it, and who did it', async (t) => {
  const request = { request_id: 'r-1', client: '192.0.2.1', method: 'GET', host: 'a.test', path: '/v1/orders/7' }
  const rest = {
    endpoint: 'v1/orders',
    target: 'up:81',
    attempts: 1,
    status: 200,
    outcome: 'completed',
    duration_ms: 1.5,
  }
  t.equal(
    pretty({ level: 30, time: at, msg: 'access', ...request, ...rest }),
    '12:00:01.023 INFO  GET /v1/orders/7 200 1.5 ms  endpoint=v1/orders target=up:81 client=192.0.2.1 request_id=r-1\n',
  )
  t.match(pretty({ level: 30, time: at, msg: 'access', ...request, ...rest, attempts: 3 }), / attempts=3 /)
  t.match(pretty({ level: 30, time: at, msg: 'access', status: 400, duration_ms: 0 }), / - - 400 0 ms\n$/)
})

t.test('an error has its stack below it', async (t) => {
  const err = { type: 'TypeError', message: 'broken', stack: 'TypeError: broken\n    at a (b.ts:1:2)' }
  t.equal(
    pretty({ level: 50, time: at, err, filter: 'auth', msg: 'it failed' }),
    '12:00:01.023 ERROR it failed  filter=auth\n    TypeError: broken\n        at a (b.ts:1:2)\n',
  )
  t.match(pretty({ level: 50, time: at, err: { message: 'odd' }, msg: 'x' }), '\n    {"message":"odd"}\n')
})

t.test('no value reaches the terminal as a command, or as a line of its own', async (t) => {
  const bad = 'a\x1b[31m\nb\u009b\u2028\u202ec\x07'
  const text = pretty({ level: 30, time: at, [bad]: bad, msg: bad, err: { stack: bad } })
  t.match(text, /^[\x20-\x7e]+\n {4}a[\x20-\x7e]+\n {4}b[\x20-\x7e]+\n$/)
  t.match(
    pretty({ level: 30, time: at, msg: 'access', path: bad, method: bad, status: bad, duration_ms: bad }),
    /^[\x20-\x7e]+\n$/,
  )
})

t.test('lines that are no JSON stay, and so does their order', async (t) => {
  const line = JSON.stringify({ level: 30, time: at, msg: 'x' })
  t.equal(pretty(`plain\n${line}\n{broken\n`), 'plain\n12:00:01.023 INFO  x\n{broken\n')
  t.match(pretty({ msg: 'no time' }), /^- UNDEFINED no time\n$/)
})
