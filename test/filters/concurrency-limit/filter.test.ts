import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { endpoint, exchange, FilterBench, specOf } from '../../../core/testing.ts'
import { concurrencyLimit } from '../../../filters/concurrency-limit/filter.ts'
import { connectTo, send } from '../../support/client.ts'
import { type Proxied, proxied, proxiedRaw } from '../proxy/support.ts'

async function gauges({ metrics }: Pick<Proxied, 'metrics'>): Promise<[active: number, queued: number]> {
  const text = await metrics()
  const of = (name: string): number => Number(new RegExp(`^${name}\\{endpoint="api"\\} (\\d+)$`, 'm').exec(text)?.[1])
  return [of('weir_concurrency_active'), of('weir_concurrency_queued')]
}

/** Waits until the gauges say so. */
async function until(gateway: Pick<Proxied, 'metrics'>, active: number, queued: number): Promise<void> {
  for (;;) {
    const [a, q] = await gauges(gateway)
    if (a === active && q === queued) return
    await turn()
  }
}

/** An upstream that answers when told. */
function slow(): { listener: (req: unknown, res: ServerResponse) => void; pending: ServerResponse[]; most: number } {
  const state = {
    pending: [] as ServerResponse[],
    most: 0,
    listener: (_req: unknown, res: ServerResponse): void => {
      state.pending.push(res)
      state.most = Math.max(state.most, state.pending.length)
      res.on('close', () => state.pending.splice(state.pending.indexOf(res), 1))
    },
  }
  return state
}

t.test('beyond the limit requests wait, beyond the queue they are refused', async (t) => {
  const upstream = slow()
  const gateway = await proxied(t, upstream.listener, {
    concurrency: { max_concurrent: 2, max_queue: 1, queue_timeout: '10s' },
  })
  const first = [send(gateway.api), send(gateway.api)]
  await until(gateway, 2, 0)
  const third = send(gateway.api)
  await until(gateway, 2, 1)
  const refused = await send(gateway.api)
  t.equal(refused.status, 503)
  t.equal(refused.json().code, 'concurrency_limit')
  t.equal(refused.headers['retry-after'], '1')
  t.equal(refused.headers['proxy-status'], 'weir; error=connection_limit_reached')
  while (upstream.pending.length < 2) await turn()
  upstream.pending[0]!.end('done')
  await until(gateway, 2, 0)
  while (upstream.pending.length < 2) await turn()
  for (const res of [...upstream.pending]) res.end('done')
  for (const answer of [...first, third]) t.equal((await answer).body, 'done')
  t.equal(upstream.most, 2)
  t.same(await gauges(gateway), [0, 0])
  t.equal(gateway.outcomes.length, 3, 'the refused one made no attempt')
})

t.test('queue_timeout', async (t) => {
  const upstream = slow()
  const gateway = await proxied(t, upstream.listener, { concurrency: { max_concurrent: 1, queue_timeout: '60ms' } })
  const first = send(gateway.api)
  await until(gateway, 1, 0)
  const late = await send(gateway.api)
  t.equal(late.status, 503)
  t.equal(late.json().code, 'queue_timeout')
  t.equal(late.headers['retry-after'], '1')
  t.same(await gauges(gateway), [1, 0])
  while (upstream.pending.length === 0) await turn()
  upstream.pending[0]!.end()
  await first
  t.same(await gauges(gateway), [0, 0])
})

t.test('a slot is held until the body is over', async (t) => {
  const upstream = slow()
  const gateway = await proxied(t, upstream.listener, { concurrency: { max_concurrent: 1, max_queue: 0 } })
  const client = await connectTo(gateway.port)
  client.on('error', () => {})
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  while (upstream.pending.length === 0) await turn()
  upstream.pending[0]!.write('begun')
  await once(client, 'data')
  t.same(await gauges(gateway), [1, 0])
  t.equal((await send(gateway.api)).status, 503)
  client.destroy()
  await until(gateway, 0, 0)
  while (upstream.pending.length > 0) await turn()
  const broken = send(gateway.api).catch(() => {})
  while (upstream.pending.length === 0) await turn()
  upstream.pending[0]!.write('begun')
  await until(gateway, 1, 0)
  upstream.pending[0]!.destroy()
  await broken
  await until(gateway, 0, 0)
})

t.test('a client that leaves the queue', async (t) => {
  const upstream = slow()
  const gateway = await proxied(t, upstream.listener, { concurrency: { max_concurrent: 1, max_queue: 1 } })
  const first = send(gateway.api)
  await until(gateway, 1, 0)
  const client = await connectTo(gateway.port)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(gateway, 1, 1)
  client.destroy()
  await until(gateway, 1, 0)
  while (upstream.pending.length === 0) await turn()
  upstream.pending[0]!.end('ok')
  t.equal((await first).body, 'ok')
  await gateway.logged(2)
  t.equal(gateway.outcomes.length, 1)
  while (gateway.runtime.timers.size > 0) await turn()
})

t.test('a tunnel holds its slot until it is closed', async (t) => {
  const gateway = await proxiedRaw(
    t,
    (socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      )
      socket.on('end', () => socket.end())
    },
    { concurrency: { max_concurrent: 1, max_queue: 0 } },
  )
  const client = await connectTo(gateway.port)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await once(client, 'data')
  t.same(await gauges(gateway), [1, 0])
  client.end()
  await until(gateway, 0, 0)
})

t.test('what fails, and what is refused further in, gives its slot back', async (t) => {
  const gone = await proxied(t, () => {}, {
    concurrency: { max_concurrent: 1, max_queue: 0 },
    breaker: { failure_threshold: 2 },
  })
  await gone.upstream.close()
  for (const code of ['upstream_connect_failed', 'upstream_connect_failed', 'breaker_open', 'breaker_open'])
    t.equal((await send(gone.api)).json().code, code)
  t.same(await gauges(gone), [0, 0])
})

t.test('behind retry each attempt takes a slot of its own', async (t) => {
  let requests = 0
  const gateway = await proxied(t, (_req, res) => void res.writeHead(++requests < 3 ? 503 : 200).end('answer'), {
    retry: { backoff: { base: 0, max: 0 } },
    concurrency: { max_concurrent: 1, max_queue: 0 },
  })
  t.equal((await send(gateway.api)).status, 200)
  t.equal(requests, 3)
  t.same(await gauges(gateway), [0, 0])
})

t.test('clients that leave whenever they like', async (t) => {
  let active = 0
  let most = 0
  const gateway = await proxied(
    t,
    (_req, res) => {
      most = Math.max(most, ++active)
      res.on('close', () => active--)
      setTimeout(() => res.writeHead(randomInt(2) === 0 ? 200 : 500).end('x'.repeat(randomInt(50_000))), randomInt(8))
    },
    { concurrency: { max_concurrent: 3, max_queue: 5, queue_timeout: '50ms' }, retry: {} },
  )
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let i = 0; i < 15; i++) {
        const client = await connectTo(gateway.port)
        client.on('error', () => {})
        client.resume().write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
        await new Promise((resolve) => setTimeout(resolve, randomInt(25)))
        client.destroy()
        await once(client, 'close')
      }
    }),
  )
  await gateway.logged(180)
  await until(gateway, 0, 0)
  while (gateway.runtime.timers.size > 0) await turn()
  t.ok(most > 1)
})

t.test('a reload keeps the slots and changes their number', async (t) => {
  const upstream = slow()
  const gateway = await proxied(t, upstream.listener, { concurrency: { max_concurrent: 1 } })
  const { url } = gateway.upstream
  const load = (options: Record<string, unknown>): Promise<unknown> =>
    gateway.gateway.load(
      specOf([{ name: 'api', url }], [['route-match', { prefix: '' }], ['concurrency-limit', options], 'proxy']),
    )
  const first = send(gateway.api)
  await until(gateway, 1, 0)
  const second = send(gateway.api)
  await until(gateway, 1, 1)
  await load({ max_concurrent: 1, max_queue: 1 })
  t.equal((await send(gateway.api)).json().code, 'concurrency_limit')
  await load({ max_concurrent: 3 })
  t.same(await gauges(gateway), [1, 1])
  const third = send(gateway.api)
  await until(gateway, 3, 0)
  while (upstream.pending.length < 3) await turn()
  for (const res of [...upstream.pending]) res.end('ok')
  for (const answer of [first, second, third]) t.equal((await answer).body, 'ok')
  await until(gateway, 0, 0)
})

t.test('what it says of itself, and what it leaves', async (t) => {
  const bench = new FilterBench()
  const at = { endpoint: endpoint('api') }
  const made = await bench.make(concurrencyLimit, {}, at)
  const other = await bench.make(concurrencyLimit, {}, { ...at, name: 'second' })
  t.match(
    [...made.filter.explain!(exchange())][0],
    /^at most 100 concurrent calls; up to 100 requests wait for up to 1 s$/,
  )
  t.same(await gauges({ metrics: async () => bench.meter.text() }), [0, 0])
  made.filter.log!({ exchange: undefined, outcome: 'unparsed', status: 400, error: undefined, durationMs: 0 })
  await made.dispose()
  await other.dispose()
  t.notMatch(bench.meter.text(), /weir_concurrency/)
})
