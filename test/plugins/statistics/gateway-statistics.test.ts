import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { DEFAULT_STATISTICS } from '../../../core/control/statistics.ts'
import { type Reports, RouteSlot, type StatisticsSettings } from '../../../core/index.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import { attempt, endpoint, exchange, MemoryMeter, outcome, RecordingLogger, targetOf } from '../../../core/testing.ts'
import { GatewayStatistics, REPORT } from '../../../plugins/statistics/gateway-statistics.ts'
import type { Counted } from '../../../plugins/statistics/step-counters.ts'
import { TrafficCounter } from '../../../plugins/statistics/traffic-counter.ts'
import { JumpingClock } from './support.ts'

const orders = endpoint('v1/orders', { targets: [targetOf('http://a.test')] })
const idle = endpoint('v1/idle')
const ORDERS = { endpoint: 'v1/orders' }
const HOUR = 3_600_000

/** A process that serves requests, with a clock of the test. */
function processOf(clock: JumpingClock) {
  const traffic = new TrafficCounter(clock, new MemoryMeter())
  traffic.configure(10_000, 1024 ** 2)
  const request = (times = 1): void => {
    for (let i = 0; i < times; i++) {
      const x = exchange({}, clock.now())
      x.set(RouteSlot, { endpoint: orders, path: '/', template: '/' })
      traffic.attempted(x, { ...attempt(clock.now() - 1, 1, orders.targets[0]) }, outcome('success', 200))
      traffic.finished({ exchange: x, outcome: 'completed', status: 200, error: undefined, durationMs: 0 })
    }
  }
  return { traffic, request }
}

/** @param workers undefined: the process serves requests itself */
function setUp(workers?: (traffic: TrafficCounter[]) => Reports, settings: Partial<StatisticsSettings> = {}) {
  const clock = new JumpingClock()
  const logger = new RecordingLogger()
  const meter = new MemoryMeter()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const registry = new EndpointRegistry(clock, logger)
  registry.sync([orders, idle])
  const own = processOf(clock)
  const others = [processOf(clock), processOf(clock)]
  const reports = workers?.(others.map(({ traffic }) => traffic))
  const statistics = new GatewayStatistics({ clock, timers, logger, meter }, registry, own.traffic, reports)
  statistics.apply({ ...DEFAULT_STATISTICS, ...settings })
  const advance = (ms: number): void => {
    clock.advance(ms)
    timers.advance()
  }
  return { clock, logger, meter, registry, statistics, service: statistics.service, own, others, advance }
}

const answering = (of: readonly TrafficCounter[]): Reports => ({
  ask: async (name, args) => {
    if (name !== REPORT) throw new Error(name)
    return Promise.all(of.map((one) => one.cut(args as Record<string, number>)))
  },
})

t.test('a summary tells everything that was counted before the question, in whole steps', async (t) => {
  const { clock, service, own } = setUp()
  own.request(3)
  t.match(await service.summary(ORDERS), { requests: 3, client_errors: 0, latency_ms: { p50: 0.01 } })
  clock.advance(60_000)
  own.request(2)
  t.match(await service.summary(ORDERS), { requests: 5 }, 'the step in which the minute began counts, too')
  t.match(await service.summary(ORDERS, 50), { requests: 2 })
  t.match(await service.summary(ORDERS, HOUR), { requests: 5 })
  clock.advance(10_000)
  t.match(await service.summary(ORDERS), { requests: 2 })
  for (const odd of [0, -5, Number.NaN]) t.match(await service.summary(ORDERS, odd), { requests: 2 }, String(odd))
  t.match(await service.summary(ORDERS, Infinity), { requests: 5 })
})

t.test('unknown endpoints and targets have no figures, idle ones have zeros', async (t) => {
  const { service, own } = setUp()
  own.request()
  t.equal(await service.summary({ endpoint: 'v1/none' }), undefined)
  t.equal(await service.summary({ ...ORDERS, target: 'http://none.test' }), undefined)
  t.equal(await service.summary({ target: 'http://a.test' }), undefined)
  t.equal(await service.history({ endpoint: 'v1/none' }), undefined)
  t.match(await service.summary({ ...ORDERS, target: 'http://a.test' }), { requests: 1, latency_ms: { mean: 1 } })
  t.match(await service.summary({ endpoint: 'v1/idle' }), { requests: 0, latency_ms: null })
  t.match(await service.summary({}), { requests: 1 })
  const all = await service.summaries()
  t.same(Object.keys(all), ['v1/orders', 'v1/idle'])
  t.match(all['v1/orders'], { requests: 1 })
})

t.test('a history has a point per step, with zeros, from the start on', async (t) => {
  const { clock, service, own } = setUp()
  own.request(2)
  clock.advance(30_000)
  own.request()
  const { step, points } = (await service.history(ORDERS))!
  t.equal(step, 10)
  t.same(
    points.map(({ at, requests }) => [at, requests]),
    [
      ['2026-01-01T00:00:00.000Z', 2],
      ['2026-01-01T00:00:10.000Z', 0],
      ['2026-01-01T00:00:20.000Z', 0],
      ['2026-01-01T00:00:30.000Z', 1],
    ],
  )
  const minutes = (await service.history(ORDERS, { step: 60 }))!
  t.match(minutes, { step: 60, points: [{ requests: 3, latency_ms: { p99: 0.01 } }] })
  t.match(await service.history(ORDERS, { step: 20 }), { points: [{ requests: 2 }, { requests: 1 }] })
  t.match(await service.history(ORDERS, { from: clock.wall(), to: 0 }), { points: [] })
})

t.test('all processes count together, and one that is gone stays in', async (t) => {
  const there: TrafficCounter[] = []
  const { service, others } = setUp((of) => {
    there.push(...of)
    return { ask: (name, args) => answering(there).ask(name, args) }
  })
  others[0]!.request(3)
  others[1]!.request(4)
  t.match(await service.summary(ORDERS), { requests: 7 })
  there.shift()
  others[1]!.request()
  t.match(await service.summary(ORDERS), { requests: 8 })
})

t.test('a response that is lost is asked for again, one that comes twice counts once', async (t) => {
  let lose = true
  const { service, statistics, others } = setUp((of) => ({
    ask: async (name, args) => {
      const all = await answering(of).ask(name, args)
      return lose ? [] : [...all, ...all]
    },
  }))
  others[0]!.request(2)
  t.match(await service.summary(ORDERS), { requests: 0 })
  others[0]!.request(3)
  lose = false
  t.match(await service.summary(ORDERS), { requests: 5 })
  others[0]!.request()
  await statistics.take(await others[0]!.traffic.cut({}))
  t.match(await service.summary(ORDERS), { requests: 6 }, 'nor does what a process hands over at its end')
})

t.test('processes are asked regularly, whether somebody wants to know or not', async (t) => {
  let asked = 0
  const { advance } = setUp(() => ({
    ask: async () => {
      asked++
      return []
    },
  }))
  for (let i = 0; i < 60; i++) {
    advance(1000)
    await new Promise(setImmediate)
  }
  t.ok(asked >= 9 && asked <= 12, `${asked} times in a minute`)
})

t.test('questions at the same time are one question to the processes, but a later one is another', async (t) => {
  let asked = 0
  const { service } = setUp((of) => ({
    ask: (name, args) => {
      asked++
      return answering(of).ask(name, args)
    },
  }))
  await Promise.all(Array.from({ length: 50 }, () => service.summary(ORDERS)))
  t.ok(asked <= 2, `${asked} times`)
  await service.summary(ORDERS)
  t.ok(asked <= 3)
})

t.test('processes that fail are no reason to fail', async (t) => {
  const { service, logger, own } = setUp(() => ({ ask: () => Promise.reject(new Error('gone')) }))
  own.request()
  t.match(await service.summary(ORDERS), { requests: 0 })
  t.match(logger.lines, [{ level: 'error', message: 'the statistics failed' }])
  const bad = { id: 'x', pieces: [{ number: 1, bytes: Uint8Array.of(255, 255) }] } satisfies Counted
  const broken = setUp(() => ({ ask: async () => [bad] }))
  t.match(await broken.service.summary(ORDERS), { requests: 0 })
  t.match(await broken.service.summary(ORDERS), { requests: 0 })
})

t.test('a breaker that opens counts, each time', async (t) => {
  const { service, registry } = setUp()
  const state = registry.get('v1/orders')!
  const change = { filter: 'breaker', target: 'http://a.test', reason: 'the test' }
  registry.breaker(state, { ...change, from: 'closed', to: 'open' })
  registry.breaker(state, { ...change, from: 'open', to: 'half_open' })
  registry.breaker(state, { ...change, from: 'half_open', to: 'open' })
  t.match(await service.summary(ORDERS), { breaker_opens: 2, requests: 0 })
  t.match(await service.summary({ ...ORDERS, target: 'http://a.test' }), { breaker_opens: 2 })
  t.match(await service.summary({}), { breaker_opens: 2 })
})

t.test('an endpoint that leaves is not shown; if it comes back in time, it has its history', async (t) => {
  const { service, registry, own } = setUp()
  own.request()
  await service.summary(ORDERS)
  registry.sync([idle])
  t.equal(await service.summary(ORDERS), undefined)
  t.same(Object.keys(await service.summaries()), ['v1/idle'])
  t.match(await service.summary({}), { requests: 1 })
  registry.sync([idle, orders])
  t.match(await service.summary(ORDERS), { requests: 1 })
})

t.test('hours forth and back do no harm', async (t) => {
  const { clock, service, own } = setUp()
  for (const jump of [0, 5 * HOUR, -9 * HOUR, 1000 * HOUR, -2000 * HOUR, 0]) {
    clock.jump(jump)
    clock.advance(20_000)
    own.request(4)
    t.match(await service.summary(ORDERS, 10), { requests: 4 }, `${jump / HOUR} h`)
    const { points } = (await service.history(ORDERS))!
    t.ok(points.length >= 1 && points.length <= 91, `${points.length} points`)
  }
})

t.test('off forgets everything; other resolutions keep what is the same', async (t) => {
  const { service, statistics, meter, own } = setUp()
  own.request()
  await service.summary(ORDERS)
  t.ok(meter.value('weir_statistics_bytes')! > 0)
  statistics.apply({ ...DEFAULT_STATISTICS, resolutions: [DEFAULT_STATISTICS.resolutions[1]!] })
  t.match(await service.summary(ORDERS), { requests: 1 })
  statistics.apply(undefined)
  t.equal(await service.summary(ORDERS), undefined)
  t.equal(await service.history(ORDERS), undefined)
  t.same(await service.summaries(), {})
  t.equal(meter.value('weir_statistics_bytes'), 0)
  statistics.apply(DEFAULT_STATISTICS)
  t.match(await service.summary(ORDERS), { requests: 0 })
})

t.test('the file is written every five minutes and at the end, and read at the start', async (t) => {
  const file = join(t.testdir({}), 'stats.bin')
  const first = setUp(undefined, { file })
  first.own.request(3)
  first.advance(299_000)
  await first.service.summary(ORDERS)
  await t.rejects(readFile(file), { code: 'ENOENT' })
  for (let i = 0; i < 3; i++) first.advance(6000)
  while (!(await readFile(file).catch(() => undefined))) await new Promise(setImmediate)
  first.own.request(2)
  await first.statistics.stop()

  const next = setUp(undefined, { file })
  next.clock.advance(400_000)
  t.match(await next.service.summary(ORDERS, 900), { requests: 5 })
  t.same(next.logger.lines, [])

  await writeFile(file, 'something else')
  const other = setUp(undefined, { file })
  t.match(await other.service.summary(ORDERS), { requests: 0 })
  await other.statistics.stop()
  t.match(other.logger.lines, [
    { level: 'warn', fields: { file, reason: /something else/ } },
    { level: 'warn', fields: { file, reason: /something else/ } },
  ])
  t.equal(await readFile(file, 'utf8'), 'something else')
})
