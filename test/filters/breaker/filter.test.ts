import t from 'tap'
import type { LocalReply } from '../../../core/reply.ts'
import { breaker } from '../../../filters/breaker/filter.ts'
import { attempt, Bench, endpoint, exchange, type Made, outcome, verdict } from '../../support/exchange.ts'

const orders = endpoint('v1/orders')

/** One attempt from `admit` to `settled`. */
function call({ filter }: Made, bench: Bench, result: 'success' | 'failure' | 'ignored', status?: number): unknown {
  const x = exchange()
  const a = attempt(bench.clock.now())
  const refused = filter.admit!(x, a)
  if (refused === undefined) filter.settled!(x, a, outcome(result, status))
  return verdict(refused)
}

t.test('opens, refuses with Retry-After, probes, closes; and says so', async (t) => {
  const bench = new Bench()
  const made = await bench.make(
    breaker,
    { failure_threshold: 2, reset_timeout: '10s', half_open_max_calls: 1 },
    { endpoint: orders },
  )
  t.equal(call(made, bench, 'failure'), undefined)
  t.equal(call(made, bench, 'success', 503), undefined)
  bench.clock.advance(2500)
  const refused = made.filter.admit!(exchange(), attempt(bench.clock.now())) as LocalReply
  t.equal(verdict(refused), '503 breaker_open')
  t.equal(refused.options.headers?.['Retry-After'], '8')
  t.match((await bench.metrics.expose()).text, 'weir_breaker_state{endpoint="v1/orders",state="open"} 1')
  bench.clock.advance(7500)
  t.equal(call(made, bench, 'success', 200), undefined)
  t.match((await bench.metrics.expose()).text, 'weir_breaker_state{endpoint="v1/orders",state="closed"} 1')
  t.same(
    bench.logged.map(({ level, message, fields }) => [level, message, fields.endpoint]),
    [
      ['warn', 'breaker opened', 'v1/orders'],
      ['info', 'breaker half open', 'v1/orders'],
      ['info', 'breaker closed', 'v1/orders'],
    ],
  )
})

t.test('exactly three of 256 concurrent attempts probe, by default', async (t) => {
  const bench = new Bench()
  const made = await bench.make(breaker, {}, { endpoint: orders })
  for (let i = 0; i < 5; i++) call(made, bench, 'failure')
  t.equal(call(made, bench, 'success'), '503 breaker_open')
  bench.clock.advance(60_000)
  let passed = 0
  for (let i = 0; i < 256; i++) {
    const refused = made.filter.admit!(exchange(), attempt(bench.clock.now())) as LocalReply | undefined
    if (refused === undefined) passed++
    else t.equal(refused.options.headers?.['Retry-After'], '1')
  }
  t.equal(passed, 3)
})

t.test('which statuses are failures', async (t) => {
  const opens = async (options: Record<string, unknown>, status: number) => {
    const bench = new Bench()
    const made = await bench.make(breaker, { failure_threshold: 1, ...options }, { endpoint: orders })
    call(made, bench, 'success', status)
    return call(made, bench, 'success', 200) === '503 breaker_open'
  }
  t.ok(await opens({}, 500))
  t.ok(await opens({}, 599))
  t.notOk(await opens({}, 499))
  t.notOk(await opens({}, 200))
  t.notOk(await opens({ failure_statuses: [] }, 500))
  t.notOk(await opens({ failure_statuses: [503] }, 500))
  t.ok(await opens({ failure_statuses: [503, '4xx'] }, 429))
})

t.test('ignored says nothing, whatever its status', async (t) => {
  const bench = new Bench()
  const made = await bench.make(breaker, { failure_threshold: 1 }, { endpoint: orders })
  call(made, bench, 'ignored', 500)
  t.equal(call(made, bench, 'success', 200), undefined)
})

t.test('outlives reloads and option changes; endpoints are apart; gauges go with the last', async (t) => {
  const bench = new Bench()
  const before = await bench.make(breaker, { failure_threshold: 2 }, { endpoint: orders })
  call(before, bench, 'failure')
  const after = await bench.make(breaker, { failure_threshold: 2, reset_timeout: 5 }, { endpoint: orders })
  call(before, bench, 'failure')
  await before.dispose()
  t.equal(call(after, bench, 'success'), '503 breaker_open')
  const other = await bench.make(breaker, { failure_threshold: 2 }, { endpoint: endpoint('users') })
  t.equal(call(other, bench, 'success'), undefined)
  const { text } = await bench.metrics.expose()
  t.match(text, 'weir_breaker_state{endpoint="v1/orders",state="open"} 1')
  t.match(text, 'weir_breaker_state{endpoint="v1/orders",state="closed"} 0')
  t.match(text, 'weir_breaker_state{endpoint="users",state="closed"} 1')
  await after.dispose()
  t.notMatch((await bench.metrics.expose()).text, 'v1/orders')
  await other.dispose()
  t.notMatch((await bench.metrics.expose()).text, 'weir_breaker_state')
  t.equal(bench.shared.size, 0)
})

t.test('two breakers of one endpoint make one series: the worse', async (t) => {
  const bench = new Bench()
  const strict = await bench.make(breaker, { failure_threshold: 1 }, { endpoint: orders, name: 'strict' })
  await bench.make(breaker, {}, { endpoint: orders })
  call(strict, bench, 'failure')
  const { text } = await bench.metrics.expose()
  t.same(text.match(/^weir_breaker_state.* 1$/gm), ['weir_breaker_state{endpoint="v1/orders",state="open"} 1'])
})

t.test('options', async (t) => {
  const bench = new Bench()
  for (const strategy of ['default_response', 'cached_response', 'redirect'])
    await t.rejects(bench.make(breaker, { fallback_strategy: strategy }, { endpoint: orders }), {
      message: `fallback_strategy "${strategy}" is not available yet: use error_response`,
    })
  await t.rejects(bench.make(breaker, { fallback_strategy: 'panic' }, { endpoint: orders }))
  await t.rejects(bench.make(breaker, { failure_statuses: ['6xx'] }, { endpoint: orders }), /class of statuses/)
  await t.rejects(bench.make(breaker, { reset_timeout: 0 }, { endpoint: orders }), /above zero/)
  await t.rejects(bench.make(breaker, { half_open_max_calls: 0 }, { endpoint: orders }))
  await t.rejects(bench.make(breaker), /guards an endpoint/)
})
