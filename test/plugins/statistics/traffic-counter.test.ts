import t from 'tap'
import { type Endpoint, type Finished, RouteSlot, reply, WeirError } from '../../../core/index.ts'
import { attempt, endpoint, exchange, ManualClock, MemoryMeter, outcome, targetOf } from '../../../core/testing.ts'
import { Figures } from '../../../plugins/statistics/figures.ts'
import { PackedReader } from '../../../plugins/statistics/packed-bytes.ts'
import { readFigures } from '../../../plugins/statistics/packed-figures.ts'
import { SUBJECT_BYTES } from '../../../plugins/statistics/step-counters.ts'
import { keyOf } from '../../../plugins/statistics/subject-keys.ts'
import { TrafficCounter } from '../../../plugins/statistics/traffic-counter.ts'

const orders = endpoint('v1/orders', { targets: [targetOf('http://a.test')] })
const [target] = orders.targets

function setUp(maxBytes = 1024 ** 2) {
  const meter = new MemoryMeter()
  const traffic = new TrafficCounter(new ManualClock(), meter, new Set(['admin']))
  traffic.configure(10_000, maxBytes)
  const all = async () => {
    const { pieces } = await traffic.cut({})
    const byKey = new Map<string, Figures>()
    for (const { bytes } of pieces) {
      const reader = new PackedReader(bytes)
      while (!reader.isAtEnd) {
        reader.number()
        const key = reader.text()
        const figures = byKey.get(key) ?? new Figures()
        readFigures(reader, figures)
        byKey.set(key, figures)
      }
    }
    return Object.fromEntries(Array.from(byKey, ([key, figures]) => [key, figures.plain()]))
  }
  return { traffic, meter, all }
}

function to(of: Endpoint | undefined) {
  const x = exchange()
  if (of !== undefined) x.set(RouteSlot, { endpoint: of, path: '/', template: '/' })
  return x
}

const finished = (more: Partial<Finished> = {}): Finished => ({
  exchange: to(orders),
  outcome: 'completed',
  status: 200,
  error: undefined,
  durationMs: 20,
  listener: 'proxy',
  ...more,
})

const NOTHING = {
  requests: 0,
  client_errors: 0,
  server_errors: 0,
  aborted: 0,
  local_replies: 0,
  retries: 0,
  breaker_opens: 0,
  bytes_received: 0,
  bytes_sent: 0,
}

t.test('requests count for their endpoint, by their class', async (t) => {
  const { traffic, all } = setUp()
  traffic.finished(finished({ attempts: 3, bytesReceived: 10, bytesSent: 100 }))
  traffic.finished(finished({ status: 404 }))
  traffic.finished(finished({ status: 503 }))
  traffic.finished(finished({ outcome: 'aborted', status: 0 }))
  traffic.finished(finished({ outcome: 'aborted', error: new WeirError('client_gone') }))
  traffic.finished(finished({ outcome: 'aborted', error: new WeirError('upstream_reset') }))
  const local = to(orders)
  local.response = { status: 403, statusText: undefined, local: reply(403, 'denied') } as never
  traffic.finished(finished({ exchange: local, status: 403 }))
  t.match(await all(), {
    'v1/orders': {
      ...NOTHING,
      requests: 7,
      client_errors: 2,
      server_errors: 2,
      aborted: 2,
      local_replies: 1,
      retries: 2,
      bytes_received: 10,
      bytes_sent: 100,
      latency_ms: { mean: 20 },
    },
  })
})

t.test('requests without an endpoint, and bytes that were no request, count for the gateway', async (t) => {
  const { traffic, all } = setUp()
  traffic.finished(finished({ exchange: to(undefined), status: 404 }))
  traffic.finished({ exchange: undefined, outcome: 'unparsed', status: 400, error: undefined, durationMs: 0 })
  traffic.finished({ exchange: undefined, outcome: 'unparsed', status: 0, error: undefined, durationMs: 0 })
  t.match(await all(), {
    '': { ...NOTHING, requests: 2, client_errors: 2, local_replies: 1, latency_ms: { mean: 20 } },
  })
})

t.test('requests of other listeners do not count', async (t) => {
  const { traffic, all } = setUp()
  traffic.finished(finished({ listener: 'admin', exchange: to(undefined) }))
  t.same(await all(), {})
})

t.test('attempts count for their target', async (t) => {
  const { traffic, all } = setUp()
  const x = to(orders)
  traffic.attempted(x, attempt(0, 1, target), outcome('failure'))
  traffic.attempted(x, attempt(0, 2, target), outcome('success', 503))
  traffic.attempted(x, attempt(0, 3, target), outcome('success', 404))
  traffic.attempted(x, attempt(0, 1, target), outcome('ignored'))
  traffic.attempted(x, attempt(0, 1, undefined), outcome('success', 200))
  traffic.attempted(to(undefined), attempt(0, 1, target), outcome('success', 200))
  t.match(await all(), {
    [keyOf('v1/orders', target!.url)]: {
      ...NOTHING,
      requests: 4,
      server_errors: 2,
      client_errors: 1,
      aborted: 1,
      retries: 2,
      latency_ms: { mean: 1 },
    },
  })
})

t.test('the openings of a breaker count for its endpoint, and for its target if it guards one', async (t) => {
  const { traffic, all } = setUp()
  traffic.breakerOpened('v1/orders', undefined)
  traffic.breakerOpened('v1/orders', 'http://a.test')
  t.match(await all(), {
    'v1/orders': { ...NOTHING, breaker_opens: 2, latency_ms: null },
    [keyOf('v1/orders', 'http://a.test')]: { ...NOTHING, breaker_opens: 1 },
  })
})

t.test('endpoints for which there is no room count for the gateway, and a metric says so', async (t) => {
  const { traffic, meter, all } = setUp(2.3 * SUBJECT_BYTES)
  const second = endpoint('v1/second', { targets: [targetOf('http://b.test')] })
  traffic.finished(finished())
  traffic.finished(finished({ exchange: to(second) }))
  traffic.attempted(to(second), attempt(0, 1, second.targets[0]), outcome('success', 200))
  t.equal(meter.value('weir_statistics_uncounted_total', { what: 'subject' }), 2)
  t.match(await all(), { 'v1/orders': { requests: 1 }, '': { requests: 1 } })
})

t.test('an endpoint of the next configuration continues that with its id', async (t) => {
  const { traffic, all } = setUp()
  traffic.finished(finished())
  traffic.finished(finished({ exchange: to(endpoint('v1/orders')) }))
  t.match(await all(), { 'v1/orders': { requests: 2 } })
})
