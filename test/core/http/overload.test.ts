import { once } from 'node:events'
import t from 'tap'
import { NO_LIMITS, Overload, SAMPLE_MS } from '../../../core/http/overload.ts'
import { defineFilter, reply } from '../../../core/index.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { ManualClock, specOf, startGateway } from '../../../core/testing.ts'
import { onHead, proxied, proxiedRaw } from '../../filters/proxy/support.ts'
import { connectTo, send } from '../../support/client.ts'

interface Rig {
  readonly overload: Overload
  readonly metrics: Metrics
  /** Looks once more, so late, and with so much memory. */
  look(lateMs: number, bytes?: number): string | undefined
}

function rig(t: { teardown(fn: () => void): void }): Rig {
  const clock = new ManualClock()
  const metrics = new Metrics()
  let resident = 0
  const overload = new Overload(clock, metrics, undefined, () => resident)
  t.teardown(() => overload.limit(NO_LIMITS))
  return {
    overload,
    metrics,
    look(lateMs, bytes = 0) {
      clock.advance(SAMPLE_MS + lateMs)
      resident = bytes
      overload.sample()
      const reason = overload.enter()
      if (reason === undefined) overload.leave()
      return reason
    },
  }
}

t.test('without limits nothing is shed', async (t) => {
  const { overload, look } = rig(t)
  for (let i = 0; i < 20; i++) t.equal(look(100_000, 2 ** 50), undefined)
  for (let i = 0; i < 1000; i++) t.equal(overload.enter(), undefined)
})

t.test('requests in flight', async (t) => {
  const { overload, metrics } = rig(t)
  overload.limit({ ...NO_LIMITS, maxRequests: 2 })
  t.same([overload.enter(), overload.enter(), overload.enter()], [undefined, undefined, 'requests'])
  overload.leave()
  t.same([overload.enter(), overload.enter()], [undefined, 'requests'])
  const text = Buffer.concat((await metrics.expose()).content).toString()
  t.match(text, /^weir_overload_shed_total\{reason="requests"\} 2$/m)
  t.match(text, /^weir_overload_requests 2$/m)
  t.match(text, /^weir_overload_active\{reason="requests"\} 1$/m)
  t.match(text, /^weir_overload_active\{reason="lag"\} 0$/m)
  overload.limit(NO_LIMITS)
  t.equal(overload.enter(), undefined)
})

t.test('memory: sheds until clearly less is used', async (t) => {
  const { overload, look } = rig(t)
  overload.limit({ ...NO_LIMITS, maxMemory: 1000 })
  t.same(
    [999, 1000, 999, 900, 899, 999, 1001].map((bytes) => look(0, bytes)),
    [undefined, 'memory', 'memory', 'memory', undefined, undefined, 'memory'],
  )
})

t.test('lag: sheds if it lasts, until it is clearly lower', async (t) => {
  const { overload, look } = rig(t)
  overload.limit({ ...NO_LIMITS, maxLagMs: 50 })
  const looks = (...late: number[]): (string | undefined)[] => late.map((ms) => look(ms))
  t.same(looks(0, 0, 5000, 0, 0, 0, 0), Array(7).fill(undefined), 'one long pause is no overload')
  t.same(looks(50, 50, 50), [undefined, undefined, 'lag'])
  t.same(looks(30, 30, 30, 30), Array(4).fill('lag'), 'less, but not by half')
  t.same(looks(0, 0, 0), ['lag', 'lag', undefined])
  t.same(looks(30, 30, 30, 30, 30), Array(5).fill(undefined))
})

t.test('equal limits change nothing, other limits reset the samples', async (t) => {
  const { overload, look } = rig(t)
  overload.limit({ ...NO_LIMITS, maxMemory: 1000 })
  t.equal(look(0, 1000), 'memory')
  overload.limit({ ...NO_LIMITS, maxMemory: 1000 })
  t.equal(overload.enter(), 'memory')
  overload.limit({ ...NO_LIMITS, maxMemory: 2000 })
  t.equal(overload.enter(), undefined)
})

t.test('a request that is shed reaches only log hooks, and keeps its connection', async (t) => {
  let seen = 0
  const looker = defineFilter({ name: 'looker', apiVersion: 1, create: () => ({ request: () => void seen++ }) })
  const gateway = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, (head) => head.includes('quick') && socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    { filters: [looker] },
  )
  gateway.gateway.overload.limit({ ...NO_LIMITS, maxRequests: 1 })
  const slow = await connectTo(gateway.port)
  slow.write('GET /api/slow HTTP/1.1\r\nHost: a\r\n\r\n')
  while (!(await gateway.metrics()).includes('weir_overload_requests 1')) await new Promise(setImmediate)
  const client = await connectTo(gateway.port)
  let received = ''
  client.on('data', (chunk) => (received += chunk.toString()))
  for (let i = 1; i <= 2; i++) {
    client.write('POST /api/quick HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
    await gateway.logged(i)
  }
  while (received.split('"code":"overloaded"').length < 3) await once(client, 'data')
  t.match(received, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
  t.match(received, /\r\nRetry-After: 1\r\n/)
  t.match(received, /\r\nProxy-Status: weir; error=proxy_internal_response; details="overloaded"\r\n/)
  t.notMatch(received, /Connection: close/)
  t.match(gateway.finished, [
    {
      outcome: 'completed',
      status: 503,
      exchange: { response: { local: { filter: 'engine', reason: 'overloaded' } } },
    },
  ])
  t.equal(gateway.outcomes.length, 0)
  slow.destroy()
  await gateway.logged(3)
  received = ''
  client.write('GET /api/quick HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(client, 'data')
  t.match(received, /^HTTP\/1\.1 200 /, 'as soon as there is room')
  t.match(await gateway.metrics(), /^weir_overload_shed_total\{reason="requests"\} 2$/m)
  client.destroy()
  t.equal(seen, 2, 'those that were not shed')
})

t.test('a tunnel is in flight until it is closed; a refused request is not counted', async (t) => {
  const gateway = await proxiedRaw(t, (socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    )
    socket.on('end', () => socket.end())
  })
  gateway.gateway.overload.limit({ ...NO_LIMITS, maxRequests: 1 })
  const offer = 'GET /api HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const client = await connectTo(gateway.port)
  client.write(offer)
  await once(client, 'data')
  const other = await connectTo(gateway.port)
  other.write(offer)
  const [refusal] = (await once(other, 'data')) as [Buffer]
  t.match(refusal.toString(), /^HTTP\/1\.1 503 /)
  const bad = await connectTo(gateway.port)
  bad.write('GET /api HTTP/1.1\r\n\r\n')
  const [answer] = (await once(bad, 'data')) as [Buffer]
  t.match(answer.toString(), /^HTTP\/1\.1 400 /)
  client.end()
  await gateway.logged(3)
  t.match(await gateway.metrics(), /^weir_overload_requests 0$/m)
})

t.test('memory and lag are sampled only while there are limits', async (t) => {
  const { api, gateway } = await proxied(t, (_req, res) => res.end('ok'))
  t.teardown(() => gateway.overload.limit(NO_LIMITS))
  gateway.overload.limit({ ...NO_LIMITS, maxMemory: 1 })
  while ((await send(api)).status !== 503);
  gateway.overload.limit({ ...NO_LIMITS, maxLagMs: 20 })
  t.equal((await send(api)).status, 200)
  const busy = setInterval(() => {
    const until = performance.now() + 120
    while (performance.now() < until);
  }, 1)
  while ((await send(api)).status !== 503);
  clearInterval(busy)
  while ((await send(api)).status !== 200);
  gateway.overload.limit(NO_LIMITS)
  t.equal((await send(api)).body, 'ok')
})

t.test('a listener without endpoints is never shed', async (t) => {
  const page = defineFilter({
    name: 'page',
    apiVersion: 1,
    terminal: true,
    create: () => ({ call: () => reply(200, 'page', { body: 'here' }) }),
  })
  const spec = specOf([], ['route-match', 'proxy'])
  const admin = { name: 'admin', host: '127.0.0.1', port: 0, routes: false, requires: [], at: ['admin'] }
  const chain = [{ factory: 'page', name: 'page', options: {}, at: ['admin', 'filters', 0] }]
  const running = await startGateway(
    { ...spec, listeners: [...spec.listeners, { ...admin, chain }] },
    { filters: [page] },
  )
  t.teardown(() => running.close())
  running.gateway.overload.limit({ ...NO_LIMITS, maxRequests: 0 })
  t.equal((await send(running.url)).status, 503)
  t.equal((await send(`http://127.0.0.1:${running.gateway.address('admin')!.port}/`)).body, 'here')
})
