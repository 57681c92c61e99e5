import fc from 'fast-check'
import t from 'tap'
import type { Endpoint } from '../../../core/api/endpoint.ts'
import type { RegistryEvent } from '../../../core/index.ts'
import { attempt, type BenchFilter, endpoint, exchange, FilterBench, outcome, targetOf } from '../../../core/testing.ts'
import { outlierDetection } from '../../../filters/outlier-detection/filter.ts'

const orders = (...hosts: string[]): Endpoint =>
  endpoint('v1/orders', { targets: hosts.map((host) => targetOf(`http://${host}`)) })

async function setUp(of: Endpoint, options: Record<string, unknown> = {}) {
  const bench = new FilterBench([of])
  const events: string[] = []
  bench.registry.subscribe((event: RegistryEvent) => {
    if (event.type === 'target_ejected' || event.type === 'target_returned')
      events.push(`${event.target.slice(7)} ${event.type.slice(7)}: ${event.reason}`)
  })
  const made = await bench.make(outlierDetection, options, { endpoint: of })
  return {
    bench,
    made,
    taken: () => events.splice(0),
    pass: (ms: number) => {
      bench.clock.advance(ms)
      bench.timers.advance()
    },
    ejected: () => bench.registry.get(of.id)!.targets.flatMap(({ url, ejected }) => (ejected ? [url.slice(7)] : [])),
  }
}

/** Attempts at a target that end at once. */
function call(
  made: BenchFilter,
  bench: FilterBench,
  host: string,
  result: 'success' | 'failure' | 'ignored',
  status?: number,
  times = 1,
) {
  for (let i = 0; i < times; i++)
    made.filter.settled!(exchange(), attempt(bench.clock.now(), 1, targetOf(`http://${host}`)), outcome(result, status))
}

t.test('the exchange whose attempt was one too many has it on its trace', async (t) => {
  const { bench, made } = await setUp(orders('a', 'b'), { consecutive_failures: 2 })
  const noted: unknown[] = []
  for (let i = 0; i < 2; i++) {
    const x = exchange()
    x.trace = { traceId: '', attribute: () => {}, event: (name, attributes) => noted.push([i, name, attributes]) }
    made.filter.settled!(x, attempt(bench.clock.now(), 1, targetOf('http://a')), outcome('failure'))
  }
  const reason = '2 failures in a row; for 30 s'
  t.same(noted, [[1, 'weir.ejection', { 'weir.target': 'http://a', 'weir.ejection.reason': reason }]])
})

t.test('one that its checks find well again returns before its time', async (t) => {
  const { bench, made, taken, ejected } = await setUp(orders('a', 'b'))
  call(made, bench, 'a', 'failure', undefined, 5)
  taken()
  const [a] = bench.registry.get('v1/orders')!.targets
  bench.registry.setHealth(a!, 'unhealthy', 'test')
  t.same(ejected(), ['a'])
  bench.registry.setHealth(a!, 'healthy', 'test')
  t.same(taken(), ['a returned: it passes its checks again'])
  t.same(ejected(), [])
  t.equal(bench.timers.size, 0)
})

t.test('a target that fails five times in a row is left alone for 30 s, then for 60 s', async (t) => {
  const { bench, made, taken, pass, ejected } = await setUp(orders('a', 'b'))
  call(made, bench, 'a', 'failure', undefined, 4)
  call(made, bench, 'a', 'ignored', 503)
  call(made, bench, 'a', 'success', 404)
  call(made, bench, 'a', 'success', 503, 2)
  call(made, bench, 'a', 'failure', 200, 2)
  t.same(taken(), [])
  call(made, bench, 'a', 'failure')
  t.same(taken(), ['a ejected: 5 failures in a row; for 30 s'])
  call(made, bench, 'a', 'failure', undefined, 50)
  pass(29_900)
  t.same(ejected(), ['a'])
  pass(200)
  t.same(taken(), ['a returned: its 30 s are over'])
  call(made, bench, 'a', 'failure', undefined, 5)
  t.same(taken(), ['a ejected: 5 failures in a row; for 60 s'])
})

t.test('the share of failures', async (t) => {
  const options = {
    consecutive_failures: 'off',
    failure_percentage_threshold: 40,
    failure_percentage_request_volume: 10,
  }
  const { bench, made, ejected } = await setUp(orders('a', 'b'), options)
  for (let i = 0; i < 10; i++) {
    call(made, bench, 'a', 'success', i % 2 === 0 ? 200 : 503)
    call(made, bench, 'b', 'success', i % 3 === 0 ? 503 : 200)
  }
  t.same(ejected(), ['a'])
})

t.test('which statuses are failures', async (t) => {
  const { bench, made, ejected } = await setUp(orders('a', 'b'), { consecutive_failures: 1, failure_statuses: [429] })
  call(made, bench, 'a', 'success', 500)
  t.same(ejected(), [])
  call(made, bench, 'a', 'success', 429)
  t.same(ejected(), ['a'])
})

t.test('the last that may be called is never ejected', async (t) => {
  const alone = await setUp(orders('a'), { consecutive_failures: 1, max_ejection_percent: 100 })
  call(alone.made, alone.bench, 'a', 'failure', undefined, 20)
  t.same(alone.ejected(), [])
  const { bench, made, ejected } = await setUp(orders('a', 'b', 'c', 'd'), { consecutive_failures: 1 })
  const { targets } = bench.registry.get('v1/orders')!
  for (const target of targets.slice(1)) bench.registry.setHealth(target, 'unhealthy', 'refused')
  call(made, bench, 'a', 'failure')
  t.same(ejected(), [])
  bench.registry.setHealth(targets[1]!, 'healthy', 'back')
  call(made, bench, 'a', 'failure')
  t.same(ejected(), ['a'])
})

t.test('reloads keep the ejections; a target that went is forgotten; the end restores', async (t) => {
  const old = orders('a', 'b', 'c', 'd')
  const { bench, made, taken, pass, ejected } = await setUp(old, { consecutive_failures: 1 })
  call(made, bench, 'a', 'failure')
  call(made, bench, 'b', 'failure')
  t.same(ejected(), ['a', 'b'])
  taken()
  const failed = await bench.make(outlierDetection, {}, { endpoint: orders('c') })
  await failed.dispose()
  t.same(ejected(), ['a', 'b'], 'of a load that failed')
  const next = orders('b', 'c')
  const successor = await bench.make(outlierDetection, { consecutive_failures: 2 }, { endpoint: next })
  bench.registry.sync([next])
  await made.dispose()
  t.same(ejected(), ['b'])
  t.equal(bench.timers.size, 1)
  call(successor, bench, 'c', 'failure', undefined, 5)
  t.same(ejected(), ['b'], 'what is ejected already counts')
  pass(30_100)
  t.same(taken(), ['b returned: its 30 s are over'])
  call(successor, bench, 'c', 'failure', undefined, 2)
  t.same(ejected(), ['c'])
  await successor.dispose()
  t.same(ejected(), [])
  t.equal(bench.timers.size, 0)
})

t.test('never more than the ceiling, and never the last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 100 }),
      fc.array(
        fc.oneof(
          fc.record({ at: fc.nat(5), failed: fc.boolean() }),
          fc.record({ at: fc.nat(5), healthy: fc.boolean() }),
          fc.record({ pass: fc.integer({ min: 1, max: 60_000 }) }),
        ),
        { maxLength: 120 },
      ),
      async (count, percent, steps) => {
        const hosts = Array.from({ length: count }, (_, i) => `h${i}`)
        const options = { consecutive_failures: 2, max_ejection_percent: percent, base_ejection_time: 20 }
        const { bench, made, pass, ejected } = await setUp(orders(...hosts), options)
        const { targets } = bench.registry.get('v1/orders')!
        for (const step of steps) {
          const before = ejected().length
          if ('pass' in step) pass(step.pass)
          else if ('failed' in step) call(made, bench, `h${step.at % count}`, step.failed ? 'failure' : 'success', 200)
          else bench.registry.setHealth(targets[step.at % count]!, step.healthy ? 'healthy' : 'unhealthy', 'said')
          const now = ejected().length
          if (now > Math.floor((count * percent) / 100)) throw new Error(`${now} of ${count} at ${percent} %`)
          if (now > before && !targets.some(({ available }) => available)) throw new Error('the last was ejected')
          if (now !== bench.timers.size) throw new Error('each ejection has its end, and nothing else has')
        }
        await made.dispose()
        if (ejected().length > 0 || bench.timers.size > 0) throw new Error('something is left')
      },
    ),
  )
})

t.test('what it says of itself', async (t) => {
  const { made } = await setUp(orders('a'))
  t.match(
    [...made.filter.explain!(exchange())].join('\n'),
    /5 failures in a row \(502, 503, 504, no response\)\nfor 30 s.* 50 %/,
  )
  const off = await setUp(orders('a'), { consecutive_failures: 'off' })
  t.match(off.made.warnings, [/no target is ever ejected/])
  const both = await setUp(orders('a'), { failure_percentage_threshold: 50 })
  t.match([...both.made.filter.explain!(exchange())][0], /, or 50 % failures of at least 50 in 10 s/)
  await t.rejects(new FilterBench().make(outlierDetection, {}), /without one/)
  await t.rejects(
    new FilterBench().make(outlierDetection, { base_ejection_time: 0 }, { endpoint: orders('a') }),
    /above zero/,
  )
})
