import t from 'tap'
import type { LocalReply } from '../../../core/api/reply.ts'
import type { RegistryEvent } from '../../../core/state/registry-event.ts'
import { attempt, type BenchFilter, endpoint, exchange, FilterBench, outcome } from '../../../core/testing.ts'
import { breaker } from '../../../filters/breaker/filter.ts'
import { verdict } from '../../support/verdict.ts'

const orders = endpoint('v1/orders')

/** One attempt from `admit` to `settled`. */
function call(
  { filter }: BenchFilter,
  bench: FilterBench,
  result: 'success' | 'failure' | 'ignored',
  status?: number,
): unknown {
  const x = exchange()
  const a = attempt(bench.clock.now())
  const refused = filter.admit!(x, a)
  if (refused === undefined) filter.settled!(x, a, outcome(result, status))
  return verdict(refused)
}

t.test('opens, refuses with Retry-After, probes, closes; and says so', async (t) => {
  const bench = new FilterBench([orders])
  const events: RegistryEvent[] = []
  bench.registry.subscribe((event) => void events.push(event))
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
  t.same(refused.options.headers, {
    'Retry-After': '8',
    'Proxy-Status': 'weir; error=destination_unavailable',
  })
  t.match(bench.meter.text(), 'weir_breaker_state{endpoint="v1/orders",state="open"} 1')
  bench.clock.advance(7500)
  t.equal(call(made, bench, 'success', 200), undefined)
  t.match(bench.meter.text(), 'weir_breaker_state{endpoint="v1/orders",state="closed"} 1')
  const said = { type: 'breaker_state', endpoint: 'v1/orders', filter: 'breaker', target: undefined }
  t.match(events, [
    { ...said, from: 'closed', to: 'open', reason: '2 failures in a row; for 10 s' },
    { ...said, from: 'open', to: 'half_open', reason: 'the reset timeout is over' },
    { ...said, from: 'half_open', to: 'closed', reason: 'the probes succeeded' },
  ])
  t.equal(events.length, 3)
})

t.test('transitions are events of the trace of the exchange that caused them', async (t) => {
  const bench = new FilterBench([orders])
  const { filter } = await bench.make(breaker, { failure_threshold: 1, reset_timeout: '1s' }, { endpoint: orders })
  const told: unknown[] = []
  const x = exchange()
  x.trace = { traceId: '', attribute: () => {}, event: (name, attributes) => void told.push([name, attributes]) }
  const a = attempt(0)
  filter.admit!(x, a)
  filter.settled!(x, a, outcome('failure'))
  bench.clock.advance(1000)
  filter.admit!(x, attempt(1000, 2))
  const transition = (from: string, to: string, reason: string) => [
    'weir.breaker',
    { 'weir.filter': 'breaker', 'weir.breaker.from': from, 'weir.breaker.to': to, 'weir.breaker.reason': reason },
  ]
  t.same(told, [
    transition('closed', 'open', '1 failure in a row'),
    transition('open', 'half_open', 'the reset timeout is over'),
  ])
})

t.test('is tripped and reset by hand, through the registry, until it is disposed of', async (t) => {
  const bench = new FilterBench([orders])
  const made = await bench.make(breaker, { reset_timeout: '10s' }, { endpoint: orders })
  const { breakers } = bench.registry.get('v1/orders')!
  const events: RegistryEvent[] = []
  bench.registry.subscribe((event) => void events.push(event))
  const again = await bench.make(breaker, { reset_timeout: '20s' }, { endpoint: orders })
  t.equal(breakers.size, 1, 'one for the instances that share it')
  const [handle] = breakers
  t.match(handle, { filter: 'breaker', target: undefined, phase: 'closed' })
  handle!.trip()
  t.equal(handle!.phase, 'open')
  t.equal(call(made, bench, 'success'), '503 breaker_open')
  bench.clock.advance(19_999)
  t.equal(call(again, bench, 'success'), '503 breaker_open', 'by the newest options')
  handle!.reset()
  t.equal(handle!.phase, 'closed')
  t.equal(call(made, bench, 'success'), undefined)
  handle!.reset()
  t.match(events, [
    { from: 'closed', to: 'open', reason: 'tripped by hand; for 20 s' },
    { from: 'open', to: 'closed', reason: 'reset by hand' },
  ])
  t.equal(events.length, 2, 'none where nothing changes')
  await again.dispose()
  t.equal(breakers.size, 1)
  await made.dispose()
  t.equal(breakers.size, 0)
  handle!.trip()
  t.equal(handle!.phase, 'closed', 'nobody holds it')
})

t.test('slow answers open it: time to the head, or to the end without one', async (t) => {
  const bench = new FilterBench([orders])
  const rates = { slow_call_rate: 100, slow_call_duration: '1s', minimum_calls: 2, window: '10s' }
  const made = await bench.make(breaker, rates, { endpoint: orders })
  const { filter } = made
  const settled = (headMs: number | undefined, totalMs: number) => {
    const a = attempt(bench.clock.now())
    filter.admit!(exchange(), a)
    filter.settled!(exchange(), a, { ...outcome('success', 200), headMs, totalMs })
  }
  settled(5, 60_000)
  t.equal(call(made, bench, 'success'), undefined)
  bench.clock.advance(10_000)
  settled(1000, 1000)
  settled(undefined, 2000)
  t.equal(call(made, bench, 'success'), '503 breaker_open')
})

t.test('exactly three of 256 concurrent attempts probe, by default', async (t) => {
  const bench = new FilterBench()
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
    const bench = new FilterBench()
    const made = await bench.make(breaker, { failure_threshold: 1, ...options }, { endpoint: orders })
    call(made, bench, 'success', status)
    return call(made, bench, 'success', 200) === '503 breaker_open'
  }
  for (const status of [502, 503, 504]) t.ok(await opens({}, status), String(status))
  // One URL that always fails says nothing about the endpoint: its caller would close it for all others.
  for (const status of [200, 499, 500, 501, 505, 599]) t.notOk(await opens({}, status), String(status))
  t.ok(await opens({ failure_statuses: ['5xx'] }, 500))
  t.ok(await opens({ failure_statuses: ['5xx'] }, 599))
  t.notOk(await opens({ failure_statuses: ['5xx'] }, 499))
  t.notOk(await opens({ failure_statuses: [] }, 503))
  t.notOk(await opens({ failure_statuses: [503] }, 500))
  t.ok(await opens({ failure_statuses: [503, '4xx'] }, 429))
})

t.test('ignored says nothing, whatever its status', async (t) => {
  const bench = new FilterBench()
  const made = await bench.make(breaker, { failure_threshold: 1 }, { endpoint: orders })
  call(made, bench, 'ignored', 503)
  t.equal(call(made, bench, 'success', 200), undefined)
})

t.test('outlives reloads and option changes; endpoints are apart; gauges go with the last', async (t) => {
  const bench = new FilterBench()
  const before = await bench.make(breaker, { failure_threshold: 2 }, { endpoint: orders })
  call(before, bench, 'failure')
  const after = await bench.make(breaker, { failure_threshold: 2, reset_timeout: 5 }, { endpoint: orders })
  call(before, bench, 'failure')
  await before.dispose()
  t.equal(call(after, bench, 'success'), '503 breaker_open')
  const other = await bench.make(breaker, { failure_threshold: 2 }, { endpoint: endpoint('users') })
  t.equal(call(other, bench, 'success'), undefined)
  const text = bench.meter.text()
  t.match(text, 'weir_breaker_state{endpoint="v1/orders",state="open"} 1')
  t.match(text, 'weir_breaker_state{endpoint="v1/orders",state="closed"} 0')
  t.match(text, 'weir_breaker_state{endpoint="users",state="closed"} 1')
  await after.dispose()
  t.notMatch(bench.meter.text(), 'v1/orders')
  await other.dispose()
  t.notMatch(bench.meter.text(), 'weir_breaker_state')
  t.equal(bench.shared.size, 0)
})

t.test('two breakers of one endpoint make one series: the worse', async (t) => {
  const bench = new FilterBench()
  const strict = await bench.make(breaker, { failure_threshold: 1 }, { endpoint: orders, name: 'strict' })
  await bench.make(breaker, {}, { endpoint: orders })
  call(strict, bench, 'failure')
  const text = bench.meter.text()
  t.same(text.match(/^weir_breaker_state.* 1$/gm), ['weir_breaker_state{endpoint="v1/orders",state="open"} 1'])
})

t.test('options', async (t) => {
  const bench = new FilterBench()
  const refused = (options: Record<string, unknown>, message: RegExp | string) =>
    t.rejects(bench.make(breaker, options, { endpoint: orders }), { message })
  const warned = async (options: Record<string, unknown>) =>
    (await bench.make(breaker, options, { endpoint: orders })).warnings
  await refused({ fallback_strategy: 'panic' }, /Invalid option/)
  await refused({ failure_statuses: ['6xx'] }, /class of statuses/)
  await refused({ reset_timeout: 0 }, /above zero/)
  await refused({ half_open_max_calls: 0 }, /./)
  await refused({ failure_threshold: 0 }, /expected number to be >=1/)
  await refused({ failure_threshold: 'never' }, 'expected off, or a whole number from 1')
  await refused({ failure_threshold: 'off' }, /nothing would ever open the breaker/)
  for (const failure_rate of [0, 101, '50%'])
    await refused({ failure_rate }, /expected a percentage above 0 and up to 100/)
  await refused({ slow_call_rate: 50 }, /the time from which a call is slow/)
  await refused({ max_reset_timeout: '10s' }, 'expected at least reset_timeout')
  t.same(await warned({ reset_timeout: '10m', failure_threshold: false, failure_rate: 50 }), [])
  t.same(await warned({ window: '1s', minimum_calls: 5, slow_call_duration: 1 }), [
    'window has no effect without failure_rate or slow_call_rate',
    'minimum_calls has no effect without failure_rate or slow_call_rate',
    'slow_call_duration has no effect without slow_call_rate',
  ])
  t.same(await warned({ redirect: { url: '/x' }, default_response: {}, cached_response: {} }), [
    'default_response has no effect: fallback_strategy is error_response',
    'cached_response has no effect: fallback_strategy is error_response',
    'redirect has no effect: fallback_strategy is error_response',
  ])
  t.same(await warned({ cached_response: { max_entry_size: '2MiB', max_size: '1MiB' } }), [
    'cached_response has no effect: fallback_strategy is error_response',
  ])
  const kept = (max_entry_size: string) =>
    warned({ fallback_strategy: 'cached_response', cached_response: { max_entry_size, max_size: '1MiB' } })
  t.same(await kept('1MiB'), [])
  t.same(await kept('2MiB'), ['max_entry_size of cached_response has no effect above its max_size'])
  await t.rejects(bench.make(breaker), /guards an endpoint/)
})

t.test('explains itself', async (t) => {
  const said = async (options: Record<string, unknown>) =>
    [...(await new FilterBench().make(breaker, options, { endpoint: orders })).filter.explain!(exchange())].slice(0, 2)
  t.same(await said({}), [
    'opens after 5 failures in a row (502, 503, 504, or no response)',
    'then returns 503 breaker_open for 60 s (doubling up to 300 s), before it sends 3 probes',
  ])
  t.same(
    await said({
      scope: 'target',
      failure_threshold: 'off',
      failure_rate: 50,
      slow_call_rate: 80,
      slow_call_duration: '2s',
      max_reset_timeout: '60s',
      fallback_strategy: 'redirect',
      redirect: { url: '/x' },
    }),
    [
      'each target by itself: opens after 50 % failures (502, 503, 504, or no response) or 80 % slower than 2 s of 20 calls or more in 30 s',
      'then redirects for 60 s, before it sends 3 probes',
    ],
  )
  t.match(await said({ failure_rate: 10 }), [
    'opens after 5 failures in a row (502, 503, 504, or no response), or 10 % failures of 20 calls or more in 30 s',
  ])
  const slow = {
    failure_threshold: 'off',
    slow_call_rate: 80,
    slow_call_duration: '2s',
    minimum_calls: 5,
    window: '1m',
  }
  t.match(await said(slow), ['opens after 80 % slower than 2 s of 5 calls or more in 60 s'])
  t.match(await said({ fallback_strategy: 'cached_response' }), [
    /./,
    /^then returns the last good response, or 503 breaker_open, for 60 s/,
  ])
  t.match(await said({ fallback_strategy: 'default_response', default_response: {} }), [
    /./,
    /^then returns default_resp/,
  ])
})
