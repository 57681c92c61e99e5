import t from 'tap'
import type { HealthCheckResponse } from '../../../core/index.ts'
import { endpoint, FilterBench, targetOf } from '../../../core/testing.ts'
import { HealthChecker } from '../../../plugins/health/health-checker.ts'
import { CHECK, settle, setUp } from './support.ts'

t.test('a target earns either word, and loses it the same way', async (t) => {
  const { checker, taken, pass, health, registry } = setUp({ a: ['x'] })
  const reasons: string[] = []
  registry.subscribe((event) => {
    if (event.type === 'target_health') reasons.push(`${event.from} → ${event.to}: ${event.reason}`)
  })
  checker.apply(() => CHECK)
  await pass(1050)
  const [first, ...more] = taken()
  t.same(more, [])
  t.match(first?.check, { method: 'GET', path: '/health', headers: ['user-agent', 'weir-health-check'] })
  await first?.answer(503)
  t.same(health('a'), ['unknown'], 'one failure is not two')
  t.ok(registry.get('a')?.targets[0]?.available)
  for (const status of [500, 200, 200, 500, 200, 500, 500]) {
    let asked = taken()
    for (; asked.length === 0; asked = taken()) await pass(50)
    await asked[0]?.answer(status)
  }
  t.same(reasons, [
    'unknown → unhealthy: 2 in a row: status 500',
    'unhealthy → healthy: 2 in a row: the response is as expected',
    'healthy → unhealthy: 2 in a row: status 500',
  ])
  t.equal(registry.get('a')?.status, 'unhealthy')
})

t.test('first checks come within a second and are spread; later ones once an interval', async (t) => {
  const hosts = Array.from({ length: 200 }, (_, i) => `h${i}`)
  const { checker, taken, pass } = setUp({ a: hosts }, { atOnce: 1000 })
  checker.apply(() => CHECK)
  const busiest = (times: readonly number[], width: number): number => {
    const counts = new Map<number, number>()
    for (const at of times) counts.set(Math.floor(at / width), (counts.get(Math.floor(at / width)) ?? 0) + 1)
    return Math.max(...counts.values())
  }
  const round = async (ms: number): Promise<number[]> => {
    const times: number[] = []
    for (let passed = 0; passed < ms; passed += 50) {
      await pass(50)
      for (const asked of taken()) {
        times.push(asked.at)
        await asked.answer(200)
      }
    }
    return times
  }
  const first = await round(1100)
  t.equal(first.length, 200)
  t.ok(busiest(first, 100) <= 40, `${busiest(first, 100)} within 100 ms`)
  const second = await round(16_100)
  t.ok(second.length >= 200 && second.length <= 400, `${second.length}`)
  const third = await round(10_000)
  t.ok(third.length >= 190 && third.length <= 210, `${third.length} in one interval`)
  t.ok(busiest(third, 1000) <= 40, `${busiest(third, 1000)} within a second`)
})

t.test('a check never overlaps itself, and one without an answer fails at its timeout', async (t) => {
  const { checker, taken, pass, health } = setUp({ a: ['x'] })
  checker.apply(() => ({ ...CHECK, intervalMs: 500, timeoutMs: 5000 }))
  await pass(5000)
  const [only, ...more] = taken()
  t.same(more, [])
  await pass(1000)
  t.ok(only?.check.signal.aborted)
  t.equal(taken().length, 1, 'the next follows at once')
  t.same(health('a'), ['unknown'])
  await pass(6000)
  t.same(health('a'), ['unhealthy'])
})

t.test('a stall of the process fails no check', async (t) => {
  const { bench, checker, taken, pass } = setUp({ a: ['x'] })
  checker.apply(() => CHECK)
  await pass(1050)
  const [asked] = taken()
  bench.clock.advance(60_000)
  bench.timers.advance()
  t.notOk(asked?.check.signal.aborted, 'a minute passed, and nobody could have read an answer')
  await pass(1300)
  t.notOk(asked?.check.signal.aborted)
  await asked?.answer(200)
  await pass(100)
  const text = bench.meter.text()
  t.match(text, 'weir_health_checks_total{endpoint="a",target="http://x",result="success"} 1')
  t.match(text, 'weir_health_checks_total{endpoint="a",target="http://x",result="failure"} 0')
})

t.test('only so many at once, and endpoints take turns', async (t) => {
  const { checker, taken, pass } = setUp({ big: ['b0', 'b1', 'b2', 'b3', 'b4', 'b5'], small: ['s'] }, { atOnce: 2 })
  checker.apply(() => CHECK)
  await pass(1050)
  const order: string[] = []
  for (let under = taken(); under.length > 0; under = taken()) {
    t.ok(under.length <= 2)
    for (const asked of under) {
      order.push(asked.url)
      await asked.answer(200)
    }
  }
  t.equal(order.length, 7)
  t.ok(order.indexOf('http://s') <= 3, order.join())
})

t.test('a reload keeps what did not change', async (t) => {
  const { checker, taken, pass, health, configure } = setUp({ a: ['x', 'y'], b: ['z'] })
  const ids = (): string[] => taken().map(({ url }) => url.slice('http://'.length))
  const one = { ...CHECK, unhealthyThreshold: 1, healthyThreshold: 1 }
  checker.apply(() => one)
  await pass(1050)
  for (const asked of taken()) await asked.answer(asked.url.endsWith('y') ? 500 : 200)
  t.same([health('a'), health('b')], [['healthy', 'unhealthy'], ['healthy']])
  configure({ a: ['y', 'w'], b: ['z'] })
  checker.apply((id) => (id === 'b' ? undefined : { ...one }))
  t.same([health('a'), health('b')], [['unhealthy', 'unknown'], ['unknown']], 'what nobody checks is nothing known of')
  await pass(1050)
  t.same(ids(), ['w'], 'only what is new is checked promptly')
  checker.apply(() => ({ ...one, path: '/other' }))
  await pass(1050)
  const again = taken()
  t.same(again.map(({ url, check }) => [url, check.path]).sort(), [
    ['http://w', '/other'],
    ['http://y', '/other'],
    ['http://z', '/other'],
  ])
  for (const asked of again) await asked.answer(200)
  t.same([health('a'), health('b')], [['healthy', 'healthy'], ['healthy']])
  configure({ a: ['y', 'w'] }, 'disabled')
  checker.apply(() => one)
  await pass(60_000)
  t.same(ids(), [], 'disabled ones are left alone')
})

t.test('the result of a check that was changed under way says nothing', async (t) => {
  const { checker, taken, pass, health } = setUp({ a: ['x'] })
  checker.apply(() => ({ ...CHECK, unhealthyThreshold: 1 }))
  await pass(1050)
  const [old] = taken()
  checker.apply(() => ({ ...CHECK, path: '/new' }))
  t.ok(old?.check.signal.aborted)
  await pass(1050)
  t.same(health('a'), ['unknown'])
  t.match(taken(), [{ check: { path: '/new' } }])
})

t.test('a changed check counts anew; the health stays', async (t) => {
  const { checker, taken, pass, health } = setUp({ a: ['x'] })
  const next = async (status: number): Promise<void> => {
    let asked = taken()
    for (; asked.length === 0; asked = taken()) await pass(50)
    await asked[0]?.answer(status)
  }
  checker.apply(() => CHECK)
  await next(200)
  await next(200)
  await next(500)
  checker.apply(() => ({ ...CHECK, path: '/new' }))
  t.same(health('a'), ['healthy'])
  await next(500)
  t.same(health('a'), ['healthy'], 'the failure of the old check is not counted')
  checker.apply(() => ({ ...CHECK, path: '/new' }))
  await next(500)
  t.same(health('a'), ['unhealthy'], 'an equal check changes nothing')
})

t.test('it has stopped only when the check under way has ended', async (t) => {
  const bench = new FilterBench([endpoint('a', { targets: [targetOf('http://x')] })])
  const checker = new HealthChecker({ ...bench, random: () => 0 })
  const [target] = bench.registry.get('a')!.targets
  let end: ((response: HealthCheckResponse) => void) | undefined
  target!.offerHealthCheck(() => new Promise((resolve) => (end = resolve)))
  checker.apply(() => CHECK)
  void checker.checkNow()
  await settle()
  let stopped = false
  const stop = checker.stop().then(() => (stopped = true))
  await settle()
  t.notOk(stopped)
  end!({ status: 200, body: Buffer.alloc(0) })
  await stop
  t.equal(target!.health, 'unknown', 'its result says nothing')
})

t.test('a pool that was closed under a check fails nobody', async (t) => {
  const { checker, pass, health, registry } = setUp({ a: ['x'] })
  const [target] = registry.get('a')!.targets
  const takeBack = target!.offerHealthCheck(async () => {
    takeBack()
    throw new Error('closed')
  })
  checker.apply(() => ({ ...CHECK, unhealthyThreshold: 1 }))
  await pass(1050)
  t.same(health('a'), ['unknown'])
})

t.test('a target that no filter calls is not checked', async (t) => {
  const { checker, bench, pass } = setUp({})
  const { registry } = bench
  registry.sync([endpoint('a', { targets: [targetOf('http://x')] })])
  checker.apply(() => CHECK)
  await pass(5000)
  t.same(await checker.checkNow(), [])
})

t.test('a check on demand', async (t) => {
  const { checker, taken, pass } = setUp({ a: ['x'], b: ['y', 'z'] })
  checker.apply(() => ({ ...CHECK, healthyThreshold: 1, bodyMatch: '/^up/' }))
  const one = checker.checkNow('a')
  const all = checker.checkNow()
  await pass(50)
  const asked = taken()
  t.equal(asked.length, 3, 'the one under way is not asked twice')
  for (const each of asked) await each.answer(200, each.url.endsWith('z') ? 'down' : 'up and well')
  t.match(await one, [{ endpoint: 'a', target: 'http://x', passed: true, health: 'healthy' }])
  t.match(await all, [
    { target: 'http://x' },
    { target: 'http://y', passed: true },
    { endpoint: 'b', target: 'http://z', passed: false, reason: 'the body does not match', health: 'unknown' },
  ])
  t.same(await checker.checkNow('none'), [])
  await pass(1050)
  t.same(taken(), [], 'the schedule begins anew')
})

t.test('nothing is left when it stops', async (t) => {
  const { checker, taken, pass, bench } = setUp({ a: ['x', 'y', 'z'] }, { atOnce: 1 })
  checker.apply(() => CHECK)
  await pass(1050)
  const [asked] = taken()
  await checker.stop()
  t.ok(asked?.check.signal.aborted)
  t.equal(bench.timers.size, 0)
  checker.apply(() => CHECK)
  await pass(60_000)
  t.same(taken(), [])
  t.equal(bench.timers.size, 0)
  t.notMatch(bench.meter.text(), 'weir_health_checks_total')
})
