import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import t from 'tap'
import { IdentitySlot, RequestIdSlot, RouteSlot, TargetSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import type { Exchange } from '../../../core/api/exchange.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { ACCESS_FIELDS } from '../../../core/observe/access-fields.ts'
import { type AccessLogSettings, BatchedAccessLog, DEFAULT_ACCESS_LOG } from '../../../core/observe/access-log.ts'
import { PLAIN_STYLE } from '../../../core/observe/log-style.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { endpoint, exchange, ManualClock, withResponse } from '../../../core/testing.ts'
import { HOSTILE } from '../../support/hostile.ts'

class Memory extends EventEmitter {
  readonly batches: string[] = []
  free = true
  flushed = 0
  write(text: string | Buffer): boolean {
    this.batches.push(text.toString())
    return this.free
  }
  flushSync(): void {
    this.flushed++
  }
  lines(): Record<string, unknown>[] {
    const text = this.batches.join('')
    return text === ''
      ? []
      : text
          .slice(0, -1)
          .split('\n')
          .map((line) => JSON.parse(line))
  }
}

function make(settings: Partial<AccessLogSettings> = {}, style = PLAIN_STYLE) {
  const destination = new Memory()
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const metrics = new Metrics()
  const log = new BatchedAccessLog({ destination, clock, timers, meter: metrics })
  log.configure({ ...DEFAULT_ACCESS_LOG, ...settings }, style)
  return { destination, clock, timers, metrics, log }
}

const finished = (x: Exchange | undefined, rest: Partial<Finished> = {}): Finished => ({
  exchange: x,
  outcome: 'completed',
  status: 200,
  error: undefined,
  durationMs: 1.23456,
  ...rest,
})

const target = { url: 'http://up:81/base', origin: 'http://up:81', host: 'up:81', basePath: '/base', weight: 1 }

t.test('a line has the fields that are known', async (t) => {
  const { destination, clock, log } = make()
  const headers = { 'User-Agent': 'curl/8', Referer: 'https://a.test/?token=secret' }
  const x = exchange({ method: 'POST', path: '/v1/orders/7', query: '?token=secret', host: 'api.test', headers })
  x.set(IdentitySlot, { subject: 'alice', scheme: 'bearer', roles: [], scopes: [], claims: {} })
  x.traceId = 'a'.repeat(32)
  x.set(RequestIdSlot, 'r-1')
  x.set(RouteSlot, { endpoint: endpoint('v1/orders'), path: '/7', template: '/v1/orders' })
  x.set(TargetSlot, target)
  withResponse(x, 502).response.local = { filter: 'proxy', reason: 'upstream_reset' }
  const cause = Object.assign(new Error('read ECONNRESET 10.0.0.1'), { code: 'ECONNRESET' })
  const counts = { listener: 'proxy', attempts: 2, bytesReceived: 7, bytesSent: 100 }
  log.write(finished(x, { status: 502, error: new WeirError('upstream_reset', undefined, { cause }), ...counts }))
  log.flushSync()
  t.strictSame(destination.lines(), [
    {
      level: 30,
      time: clock.wall(),
      msg: 'access',
      request_id: 'r-1',
      trace_id: 'a'.repeat(32),
      listener: 'proxy',
      client: '192.0.2.1',
      method: 'POST',
      host: 'api.test',
      path: '/v1/orders/7',
      protocol: 'HTTP/1.1',
      user_agent: 'curl/8',
      caller: 'alice',
      endpoint: 'v1/orders',
      target: 'up:81',
      attempts: 2,
      reason: 'upstream_reset',
      filter: 'proxy',
      status: 502,
      error: 'upstream_reset',
      cause: 'ECONNRESET',
      outcome: 'completed',
      bytes_received: 7,
      bytes_sent: 100,
      duration_ms: 1.235,
    },
  ])
  t.equal(destination.flushed, 1)
  t.notMatch(destination.batches.join(''), /secret/, 'the query stays out')
})

t.test('a request that was never parsed', async (t) => {
  const { destination, log } = make()
  log.write(finished(undefined, { outcome: 'unparsed', status: 400 }))
  log.write(finished(undefined, { outcome: 'unparsed', status: 408, peer: '192.0.2.7' }))
  log.flushSync()
  const [first, second] = destination.lines()
  t.strictSame(Object.keys(first!), ['level', 'time', 'msg', 'status', 'outcome', 'duration_ms'])
  t.match(second, { client: '192.0.2.7', status: 408 })
})

t.test('what a request lacks, and what is none', async (t) => {
  const { destination, log } = make({ fields: ACCESS_FIELDS })
  const written = (what: Finished): Record<string, unknown> => {
    log.write(what)
    log.flushSync()
    return destination.lines().at(-1)!
  }
  const proxied = exchange({ host: '', downstream: { address: '192.0.2.1', peer: '10.0.0.1' } })
  const line = written(finished(proxied, { bytesReceived: 0, bytesSent: 0 }))
  t.match(line, { client: '192.0.2.1', peer: '10.0.0.1', bytes_received: 0, bytes_sent: 0 })
  t.notOk('host' in line, 'no host')
  const unparsed = finished(undefined, { outcome: 'unparsed', status: 400, peer: '192.0.2.7', reason: 'tls_handshake' })
  t.match(written(unparsed), { client: '192.0.2.7', peer: '192.0.2.7', reason: 'tls_handshake' })
})

t.test('a cause is a code, and no other text', async (t) => {
  const { destination, log } = make()
  for (const code of ['UND_ERR_SOCKET', 'E', 'ECONNRESET 10.0.0.1', 'econnreset', `E${'X'.repeat(100)}`]) {
    const cause = Object.assign(new Error('x'), { code })
    log.write(finished(undefined, { error: new WeirError('upstream_reset', undefined, { cause }) }))
  }
  log.flushSync()
  t.strictSame(
    destination.lines().map(({ cause }) => cause),
    ['UND_ERR_SOCKET', undefined, undefined, undefined, undefined],
  )
})

t.test('durations have three decimals', async (t) => {
  const { destination, log } = make({ fields: ['duration_ms'] })
  const durations = [0, 0.005, 0.05, 0.5, 12.034, 1999.9996]
  for (const durationMs of durations) log.write(finished(undefined, { durationMs }))
  log.flushSync()
  t.strictSame(destination.batches.join('').match(/(?<=_ms":)[\d.]+/g), [
    '0.000',
    '0.005',
    '0.050',
    '0.500',
    '12.034',
    '2000.000',
  ])
})

t.test('another format or style holds from the next line on', async (t) => {
  const { destination, log } = make()
  const x = exchange({ headers: { 'User-Agent': 'curl/8' } })
  for (const format of ['json', 'common', 'combined'] as const)
    for (const isoTime of [false, true]) {
      log.configure({ ...DEFAULT_ACCESS_LOG, format }, { ...PLAIN_STYLE, isoTime })
      log.write(finished(x))
    }
  log.flushSync()
  const shapes = destination.batches
    .join('')
    .trim()
    .split('\n')
    .map((line) => (line[0] === '{' ? typeof JSON.parse(line).time : line.endsWith('"curl/8"')))
  t.strictSame(shapes, ['number', 'string', false, false, true, true])
})

t.test('hostile values: printable ASCII, one line, the value itself', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const { destination, log } = make({ fields: ACCESS_FIELDS })
      const headers = { 'User-Agent': text, Referer: text }
      const x = exchange({ path: `/${text}`, method: text, host: text, headers, downstream: { address: text } })
      x.set(RequestIdSlot, text)
      log.write(finished(x))
      log.flushSync()
      const line = destination.batches.join('')
      if (!/^[\x20-\x7e]*\n$/.test(line)) return false
      const { path, method, client, request_id, user_agent } = JSON.parse(line)
      return path === `/${text}` && [method, client, request_id, user_agent].every((value) => value === text)
    }),
  )
  const { destination, log } = make()
  log.write(finished(exchange({ path: '/a"}\n{"level":60\u0085\u2028\x1b[31m' })))
  log.flushSync()
  t.equal(destination.lines().length, 1)
})

t.test('what a client sends is cut', async (t) => {
  const { destination, log } = make({ fields: ACCESS_FIELDS })
  const long = 'x'.repeat(10_000)
  const x = exchange({ path: `/${long}`, method: long, host: long, headers: { 'User-Agent': long, Referer: long } })
  x.set(RequestIdSlot, long)
  x.set(IdentitySlot, { subject: long, scheme: 'bearer', roles: [], scopes: [], claims: {} })
  log.write(finished(x))
  log.flushSync()
  const [line] = destination.lines() as Record<string, string>[]
  const lengths = ['path', 'method', 'host', 'user_agent', 'referer', 'request_id', 'caller'].map(
    (field) => line![field]!.length,
  )
  t.strictSame(lengths, [2049, 257, 257, 513, 2049, 257, 257])
})

t.test('a line has the fields that the configuration names, in one order', async (t) => {
  const { destination, log } = make({ fields: ['duration_ms', 'referer', 'status', 'peer'] })
  log.write(finished(exchange({ headers: { Referer: 'https://a.test/b?token=secret#x' } })))
  log.flushSync()
  const [line] = destination.lines()
  t.strictSame(Object.keys(line!), ['level', 'time', 'msg', 'peer', 'referer', 'status', 'duration_ms'])
  t.equal(line!.referer, 'https://a.test/b', 'a query may have secrets')
})

t.test('times and levels in words', async (t) => {
  const { destination, clock, log } = make({}, { isoTime: true, levelNames: true })
  log.write(finished(exchange()))
  log.flushSync()
  t.match(destination.lines(), [{ level: 'info', time: new Date(clock.wall()).toISOString() }])
})

t.test('a request that does not meet the conditions has no line', async (t) => {
  const { destination, log } = make({ statuses: ['4xx'] })
  for (const status of [200, 404, 503]) log.write(finished(exchange(), { status }))
  log.flushSync()
  t.strictSame(
    destination.lines().map(({ status }) => status),
    [404, 503],
  )
})

t.test('lines are written after 250 ms or 64 KiB', async (t) => {
  const { destination, clock, timers, log } = make()
  log.write(finished(exchange()))
  t.equal(destination.batches.length, 0)
  clock.advance(350)
  timers.advance()
  t.equal(destination.batches.length, 1)
  t.equal(timers.size, 0)
  let written = 0
  while (destination.batches.length === 1) {
    log.write(finished(exchange()))
    written++
  }
  t.equal(timers.size, 0, 'a batch that has gone leaves no deadline')
  t.ok(destination.batches[1]!.length >= 64 * 1024)
  t.equal(destination.lines().length, written + 1)
})

t.test('a slow destination costs bounded memory; lost lines are counted and logged', async (t) => {
  const { destination, clock, timers, metrics, log } = make()
  t.match(Buffer.concat((await metrics.expose()).content).toString(), /^weir_access_log_dropped_total 0$/m)
  destination.free = false
  const x = exchange({ path: `/${'x'.repeat(2000)}` })
  for (let i = 0; i < 2000; i++) log.write(finished(x))
  clock.advance(1000)
  timers.advance()
  t.equal(destination.batches.length, 1, 'nothing more is handed on')
  t.ok(log.dropped > 1000)
  t.match(
    Buffer.concat((await metrics.expose()).content).toString(),
    `\nweir_access_log_dropped_total ${log.dropped}\n`,
  )
  destination.free = true
  destination.emit('drain')
  t.equal(destination.batches.length, 3, 'the lines, and how many were lost')
  t.ok(destination.batches[1]!.length < 1.1 * 1024 * 1024)
  const last = destination.lines().at(-1)!
  t.match(last, { level: 40, msg: 'access log lines dropped', dropped: log.dropped })
  t.equal(destination.lines().length - 1 + log.dropped, 2000)
  log.write(finished(x))
  log.flushSync()
  t.match(destination.lines().at(-1), { msg: 'access' }, 'and goes on')
  destination.emit('drain')
  t.equal(destination.batches.length, 4, 'with nothing to say it says nothing')
})

t.test('the cause of an error may be anything', async (t) => {
  for (const [what, cause] of Object.entries(HOSTILE)) {
    const { destination, log } = make()
    log.write(finished(undefined, { error: new WeirError('filter_error', undefined, { cause }) }))
    log.flushSync()
    t.match(destination.lines(), [{ error: 'filter_error' }], what)
  }
})
