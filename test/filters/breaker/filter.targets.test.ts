import t from 'tap'
import {
  Body,
  defineFilter,
  EndpointRegistryKey,
  HeaderList,
  LocalReply,
  type Response,
  type Target,
} from '../../../core/index.ts'
import {
  attempt,
  endpoint,
  exchange,
  FilterBench,
  outcome,
  specOf,
  startGateway,
  targetOf,
} from '../../../core/testing.ts'
import { breaker } from '../../../filters/breaker/filter.ts'
import { send } from '../../support/client.ts'
import { verdict } from '../../support/verdict.ts'

const [a, b] = [targetOf('http://a.test'), targetOf('http://b.test/base')]
const both = endpoint('both', { targets: [a, b] })

/** A breaker for each target; `fail` and `pass` settle an attempt at one. */
async function setUp(options: Record<string, unknown> = {}, at = both) {
  const bench = new FilterBench([at])
  const given = { scope: 'target', failure_threshold: 1, reset_timeout: '10s', half_open_max_calls: 1, ...options }
  const made = await bench.make(breaker, given, { endpoint: at })
  const call = (target: Target, result: 'success' | 'failure') => {
    const [x, one] = [exchange(), attempt(bench.clock.now(), 1, target)]
    const refused = made.filter.admit!(x, one)
    if (refused === undefined) made.filter.settled!(x, one, outcome(result))
    return verdict(refused)
  }
  const state = bench.registry.get(at.id)!
  const known = (target: Target) => state.targets.find(({ url }) => url === target.url)!
  const reached: unknown[] = []
  const ask = () =>
    verdict(
      made.filter.upstream!(exchange(), { upgrade: undefined }, () => {
        reached.push(1)
        return new LocalReply(200, 'reached')
      }),
    )
  return { bench, made, given, call, state, known, ask }
}

t.test('one that fails is not available, the other goes on; probes are due in time', async (t) => {
  const { bench, call, state, known } = await setUp()
  t.same(
    [...state.breakers].map(({ target }) => target),
    ['http://a.test', 'http://b.test/base'],
  )
  t.equal(call(a, 'failure'), undefined)
  t.equal(call(a, 'success'), '503 breaker_open')
  t.equal(call(b, 'success'), undefined)
  t.same([known(a).available, known(a).sound, known(b).available], [false, true, true])
  t.equal(state.status, 'active')
  t.match(bench.meter.text(), 'weir_breaker_state{endpoint="both",state="open"} 1')
  bench.clock.advance(10_000)
  t.ok(known(a).available)
  t.equal(call(a, 'success'), undefined)
  t.same(
    [...state.breakers].map(({ phase }) => phase),
    ['closed', 'closed'],
  )
})

t.test('one that its checks find well again gets its probe at once; a pass of another says nothing', async (t) => {
  for (const [scope, refused] of [
    ['target', '503 breaker_open'],
    ['endpoint', undefined],
  ] as const) {
    const { bench, call, known } = await setUp({ scope })
    call(a, 'failure')
    bench.registry.setHealth(known(a), 'unhealthy', 'test')
    bench.registry.setHealth(known(b), 'unhealthy', 'test')
    t.equal(call(a, 'success'), '503 breaker_open')
    bench.registry.setHealth(known(b), 'healthy', 'test')
    t.equal(call(a, 'success'), refused, scope)
    bench.registry.setHealth(known(a), 'healthy', 'test')
    t.equal(call(a, 'success'), undefined, scope)
  }
})

t.test('where there are several targets each has a breaker of its own, unless told otherwise', async (t) => {
  const breakers = async (options: object, at = both) => {
    const { state } = await setUp({ ...options, scope: undefined }, at)
    return [...state.breakers].map(({ target }) => target)
  }
  t.same(await breakers({}), ['http://a.test', 'http://b.test/base'])
  t.same(await breakers({}, endpoint('one', { targets: [a] })), [undefined])
})

t.test('while a probe is out there is room for no other', async (t) => {
  const { bench, made, call, known } = await setUp()
  call(a, 'failure')
  bench.clock.advance(10_000)
  const probe = attempt(bench.clock.now(), 1, a)
  t.equal(made.filter.admit!(exchange(), probe), undefined)
  t.notOk(known(a).available)
  made.filter.settled!(exchange(), probe, outcome('ignored'))
  t.ok(known(a).available)
})

t.test('the fallback answers when breakers alone leave no target', async (t) => {
  const { bench, call, known, ask } = await setUp()
  t.equal(ask(), '200 reached')
  call(a, 'failure')
  t.equal(ask(), '200 reached')
  bench.registry.setHealth(known(b), 'unhealthy', 'test')
  t.equal(ask(), '503 breaker_open', 'checks keep the other back')
  bench.registry.setHealth(known(b), 'healthy', 'test')
  call(b, 'failure')
  t.equal(ask(), '503 breaker_open')
  bench.registry.setHealth(known(a), 'unhealthy', 'test')
  bench.registry.setHealth(known(b), 'unhealthy', 'test')
  t.equal(ask(), '200 reached', 'no breaker is the reason: the terminal filter says what is')
  bench.registry.setHealth(known(a), 'healthy', 'test')
  bench.clock.advance(10_000)
  t.equal(ask(), '200 reached')
})

t.test('so does the last good response, and not in the place of what another filter says', async (t) => {
  const { call, made } = await setUp({ fallback_strategy: 'cached_response' })
  const asked = (next: () => Response | LocalReply) => made.filter.upstream!(exchange(), { upgrade: undefined }, next)
  const good = { status: 200, statusText: undefined, headers: HeaderList.of({ 'X-A': 'b' }), body: Body.empty() }
  t.equal(
    asked(() => good),
    good,
  )
  const foreign = new LocalReply(503, 'breaker_open', {}, 'other')
  t.equal(
    asked(() => foreign),
    foreign,
  )
  const other = new LocalReply(503, 'overload')
  t.equal(
    asked(() => other),
    other,
  )
  for (const target of [a, b]) call(target, 'failure')
  const found = asked(() => t.fail('no target may be called') as never)
  t.match(found, { status: 200, local: { filter: 'breaker', reason: 'breaker_open' } })
  t.equal((found as Response).headers.get('x-a'), 'b')
})

t.test('the trace says which target', async (t) => {
  const { made } = await setUp()
  const told: unknown[] = []
  const [x, one] = [exchange(), attempt(0, 1, a)]
  x.trace = { traceId: '', attribute: () => {}, event: (_name, attributes) => void told.push(attributes) }
  made.filter.admit!(x, one)
  made.filter.settled!(x, one, outcome('failure'))
  t.match(told, [{ 'weir.target': 'http://a.test', 'weir.breaker.from': 'closed', 'weir.breaker.to': 'open' }])
})

t.test('a draining target is no way out', async (t) => {
  const { call, ask } = await setUp({}, endpoint('both', { targets: [a, { ...b, weight: 0 }] }))
  call(a, 'failure')
  t.equal(ask(), '503 breaker_open')
})

t.test('targets come and go with reloads; states stay', async (t) => {
  const { bench, made, given, call, known, state } = await setUp()
  call(a, 'failure')
  const less = endpoint('both', { targets: [a] })
  const next = await bench.make(breaker, given, { endpoint: less })
  bench.registry.sync([less])
  await made.dispose()
  t.same(
    [...state.breakers].map(({ target, phase }) => [target, phase]),
    [['http://a.test', 'open']],
  )
  t.notOk(known(a).available)
  const whole = await bench.make(breaker, {}, { endpoint: less })
  await next.dispose()
  t.ok(known(a).available, 'one breaker for the endpoint keeps no target back')
  t.same(
    [...state.breakers].map(({ target }) => target),
    [undefined],
  )
  await whole.dispose()
  t.equal(state.breakers.size, 0)
  t.equal(bench.shared.size, 0)
})

t.test('an attempt at no target is not its business', async (t) => {
  const { made } = await setUp()
  const one = attempt(0)
  t.equal(made.filter.admit!(exchange(), one), undefined)
  t.equal(made.filter.settled!(exchange(), one, outcome('failure')), undefined)
})

t.test('through a gateway: a balancer that asks what is available never meets the breaker', async (t) => {
  const picked: string[] = []
  const terminal = defineFilter({
    name: 'terminal',
    apiVersion: 1,
    terminal: true,
    perEndpoint: true,
    needs: [EndpointRegistryKey],
    create(_options, env) {
      const state = env.service(EndpointRegistryKey).of(env.endpoint!)
      return {
        pick() {
          const known = state.targets.find(({ available }) => available)
          return env.endpoint!.targets.find(({ url }) => url === known?.url) ?? new LocalReply(503, 'no_target')
        },
        call(_x, { target }) {
          picked.push(target!.host)
          const status = target!.host === 'a.test' ? 503 : 200
          const headers = HeaderList.of({ 'Content-Length': '2' })
          return { status, statusText: undefined, headers, body: Body.of('ok') }
        },
      }
    },
  })
  const options = { scope: 'target', failure_threshold: 2, fallback_strategy: 'redirect', redirect: { url: '/sorry' } }
  const spec = specOf(
    [{ name: 'api', url: a.url }],
    [['route-match', { prefix: '' }], ['breaker', options], 'terminal'],
  )
  const [only] = spec.endpoints
  const endpoints = [{ ...only!, endpoint: { ...only!.endpoint, targets: [a, b] } }]
  const gw = await startGateway({ ...spec, endpoints }, { filters: [terminal] })
  t.teardown(() => gw.close())
  for (let i = 0; i < 5; i++) await send(`${gw.url}/api`)
  t.same(picked, ['a.test', 'a.test', 'b.test', 'b.test', 'b.test'])
  for (const handle of gw.gateway.registry.get('api')!.breakers) handle.trip()
  t.equal((await send(`${gw.url}/api`)).status, 307)
  t.equal(picked.length, 5)
})
