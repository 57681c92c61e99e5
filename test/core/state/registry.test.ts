import t from 'tap'
import type { Endpoint } from '../../../core/api/endpoint.ts'
import { silentLogger } from '../../../core/api/logger.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { logRegistry, meterRegistry } from '../../../core/observe/registry-report.ts'
import { EndpointRegistry } from '../../../core/state/registry.ts'
import type { RegistryEvent } from '../../../core/state/registry-event.ts'
import { endpoint, targetOf } from '../../../core/testing.ts'

const endpointAt = (id: string, urls: readonly string[], status: Endpoint['status'] = 'active'): Endpoint =>
  endpoint(id, { targets: urls.map((url) => targetOf(`http://${url}`)), status })

function setUp() {
  let now = 0
  const registry = new EndpointRegistry({ now: () => now, wall: () => now }, silentLogger)
  const events: RegistryEvent[] = []
  const end = registry.subscribe((event) => events.push(event))
  return { registry, events, end, at: (ms: number) => (now = ms), taken: () => events.splice(0) }
}

t.test('endpoints come and go with the configuration', async (t) => {
  const { registry, taken } = setUp()
  registry.sync([endpointAt('a', ['x']), endpointAt('b', ['y'], 'disabled')])
  t.match(taken(), [
    { type: 'endpoint_added', endpoint: 'a' },
    { type: 'endpoint_added', endpoint: 'b' },
  ])
  t.same(
    [...registry.all()].map(({ id, status }) => [id, status]),
    [
      ['a', 'active'],
      ['b', 'disabled'],
    ],
  )
  registry.sync([endpointAt('b', ['y'])])
  t.match(taken(), [
    { type: 'endpoint_removed', endpoint: 'a' },
    { type: 'endpoint_status', endpoint: 'b', from: 'disabled', to: 'active' },
  ])
  t.equal(registry.get('a'), undefined)
})

t.test('state outlives a reload if the endpoint and the URL stay', async (t) => {
  const { registry, taken, at } = setUp()
  registry.sync([endpointAt('a', ['x', 'y'])])
  const [x, y] = registry.get('a')!.targets
  at(5)
  registry.setHealth(x!, 'unhealthy', 'refused')
  registry.setHealth(x!, 'unhealthy', 'refused')
  t.match(taken().slice(1), [{ type: 'target_health', target: 'http://x', to: 'unhealthy', reason: 'refused', at: 5 }])
  registry.sync([endpointAt('a', ['z', 'x'])])
  const [z, same] = registry.get('a')!.targets
  t.equal(same, x)
  t.equal(z?.health, 'unknown')
  registry.eject(y!, 'slow')
  t.same(taken(), [], 'of a target that is configured no more nothing is told')
  registry.sync([])
  registry.sync([endpointAt('a', ['x'])])
  t.equal(registry.get('a')!.targets[0]!.health, 'unknown', 'one that was gone comes back new')
})

t.test('an endpoint is unhealthy if no target may be called', async (t) => {
  const { registry, taken } = setUp()
  registry.sync([endpointAt('a', ['x', 'y']), endpointAt('none', [])])
  const [x, y] = registry.get('a')!.targets
  taken()
  registry.setHealth(x!, 'unhealthy', 'refused')
  registry.eject(y!, 'five in a row')
  t.match(taken(), [
    { type: 'target_health' },
    { type: 'target_ejected', reason: 'five in a row' },
    { type: 'endpoint_status', from: 'active', to: 'unhealthy' },
  ])
  registry.restore(y!, 'time is over')
  t.match(taken(), [{ type: 'target_returned' }, { type: 'endpoint_status', to: 'active' }])
  t.equal(registry.get('none')!.status, 'active')
})

t.test('states that a failed load created are forgotten', async (t) => {
  const { registry, taken } = setUp()
  registry.sync([endpointAt('a', ['x'])])
  taken()
  registry.of(endpointAt('b', ['y']))
  t.equal(registry.get('b'), undefined)
  registry.sync([endpointAt('a', ['x'])])
  t.same(taken(), [])
})

t.test('a subscriber that throws affects no other; after its end a subscriber is not called', async (t) => {
  const { registry, events, end } = setUp()
  registry.subscribe(() => {
    throw new Error('oh')
  })
  registry.sync([endpointAt('a', ['x'])])
  t.equal(events.length, 1)
  end()
  registry.sync([])
  t.equal(events.length, 1)
})

t.test('the log and the metrics', async (t) => {
  const { registry } = setUp()
  const lines: string[] = []
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger }
  const metrics = new Metrics()
  logRegistry(registry, logger)
  meterRegistry(registry, metrics, ['health', 'traffic'])
  registry.sync([endpointAt('a', ['x', 'y'])])
  const state = registry.get('a')!
  registry.setHealth(state.targets[0]!, 'unhealthy', 'status 500')
  registry.breaker(state, { filter: 'breaker', target: undefined, from: 'open', to: 'half_open', reason: 'time' })
  t.same(lines, [
    'debug endpoint added {"endpoint":"a"}',
    'warn target changed its health {"target":"http://x","from":"unknown","to":"unhealthy","reason":"status 500","endpoint":"a"}',
    'info breaker changed its state {"filter":"breaker","from":"open","to":"half_open","reason":"time","endpoint":"a"}',
  ])
  Object.assign(state.targets[1]!, { attempts: 7, failures: 2, outstanding: 3 })
  const text = Buffer.concat((await metrics.expose()).content).toString()
  for (const line of ['requests_total %s 7', 'failures_total %s 2', 'outstanding %s 3'])
    t.match(text, `weir_target_${line.replace(' %s', '{endpoint="a",target="http://y"}')}\n`)
  t.match(text, 'weir_endpoint_health{endpoint="a",target="http://x"} 0\n')
  t.match(text, 'weir_endpoint_health{endpoint="a",target="http://y"} 1\n')
})
