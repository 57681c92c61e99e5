import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { RouteSlot, WeirError } from '../../../core/index.ts'
import { endpoint, exchange, FilterBench } from '../../../core/testing.ts'
import { retry } from '../../../filters/retry/filter.ts'
import { connectTo, send } from '../../support/client.ts'
import { gatewayTo, onHead, proxied, proxiedRaw, startBlackhole } from '../proxy/support.ts'
import { counted, inTurn, retrying } from './support.ts'

t.test('a status that is worth another attempt', async (t) => {
  const { listener, bodies } = inTurn(503, 502, 200)
  const gateway = await proxied(t, listener, retrying())
  const answer = await send(gateway.api)
  t.equal(answer.status, 200)
  t.equal(answer.body, 'answer 3')
  t.equal(bodies.length, 3)
  t.equal(gateway.upstream.connections(), 1, 'failed answers are read, and their connection kept')
  t.match(
    gateway.outcomes.map(({ status }) => status),
    [503, 502, 200],
  )
  t.same(await counted(gateway), { retried: 2, recovered: 1 })
})

t.test('the last answer is passed on as it is', async (t) => {
  const { listener, bodies } = inTurn(503)
  const gateway = await proxied(t, listener, retrying())
  const answer = await send(gateway.api)
  t.equal(answer.status, 503)
  t.equal(answer.body, 'answer 3')
  t.equal(bodies.length, 3)
  t.same(await counted(gateway), { retried: 2, exhausted: 1 })
})

t.test('what is not idempotent', async (t) => {
  const { listener, bodies } = inTurn(503)
  const gateway = await proxied(t, listener, retrying())
  for (const method of ['POST', 'PATCH']) t.equal((await send(gateway.api, { method, body: 'x' })).status, 503)
  t.equal(bodies.length, 2)
  t.same(await counted(gateway), { unsafe: 2 })
  await send(gateway.api, { method: 'POST', body: 'x', headers: { 'Idempotency-Key': ' ' } })
  t.equal(bodies.length, 3, 'an empty key is none')
  await send(gateway.api, { method: 'POST', body: 'order', headers: { 'Idempotency-Key': '"1"' } })
  t.same(bodies.slice(3), ['order', 'order', 'order'])
})

t.test('methods, and keys that do not count', async (t) => {
  const { listener, bodies } = inTurn(503)
  const { api } = await proxied(t, listener, retrying({ methods: ['post'], idempotency_key: false }))
  await send(api, { method: 'POST', body: 'x' })
  t.equal(bodies.length, 3)
  await send(api, { headers: { 'Idempotency-Key': '1' } })
  t.equal(bodies.length, 4)
})

t.test('a connection that is refused, whatever the method', async (t) => {
  const gone = await proxied(t, () => {})
  await gone.upstream.close()
  const gateway = await gatewayTo(t, gone.upstream.url, retrying())
  const answer = await send(gateway.api, { method: 'POST', body: 'x'.repeat(10_000) })
  t.equal(answer.status, 502)
  t.equal(answer.json().code, 'upstream_connect_failed')
  t.equal(gateway.outcomes.length, 3)
  t.same(await counted(gateway), { retried: 2, exhausted: 1 })
})

t.test('connecting takes too long', async (t) => {
  const gateway = await gatewayTo(t, await startBlackhole(t), retrying({ per_try_timeout: '60ms', max_retries: 1 }))
  const answer = await send(gateway.api, { method: 'POST', body: 'x' })
  t.equal(answer.json().code, 'upstream_connect_timeout')
  t.equal(gateway.outcomes.length, 2)
})

t.test('a connection that dies before an answer', async (t) => {
  let requests = 0
  const gateway = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, () => {
        if (++requests % 3 === 0) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
        else if (requests % 3 === 1) socket.destroy()
        else socket.resetAndDestroy()
      }),
    retrying(),
  )
  t.equal((await send(gateway.api)).body, 'ok')
  t.equal(requests, 3)
  const post = await send(gateway.api, { method: 'POST', headers: { 'Content-Length': 0 } })
  t.equal(post.json().code, 'upstream_reset')
  t.equal(requests, 4, 'the upstream may have done it')
})

t.test('an answer that breaks off is not made again', async (t) => {
  let requests = 0
  const gateway = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, () => {
        requests++
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok')
      }),
    retrying(),
  )
  await t.rejects(send(gateway.api))
  t.equal(requests, 1)
})

t.test('per_try_timeout within timeout', async (t) => {
  let requests = 0
  const gateway = await proxied(
    t,
    (_req, res) => {
      if (++requests === 2) res.end('ok')
    },
    retrying({ per_try_timeout: '60ms', timeout: '10s' }),
  )
  t.equal((await send(gateway.api)).body, 'ok')
  t.match(gateway.outcomes, [{ error: { code: 'upstream_timeout' } }, { result: 'success' }])

  const silent = await proxied(t, () => {}, retrying({ per_try_timeout: '100ms', timeout: '200ms', max_retries: 10 }))
  const began = performance.now()
  const answer = await send(silent.api)
  t.equal(answer.status, 504)
  t.ok(performance.now() - began < 1500)
  t.ok(silent.outcomes.length <= 2)
  t.match(await counted(silent), { timeout: 1 })
})

t.test('Retry-After', async (t) => {
  let requests = 0
  let after = '1'
  const gateway = await proxied(
    t,
    (_req, res) => {
      if (++requests % 2 === 0) return void res.end('ok')
      res.writeHead(503, { 'Retry-After': after }).end('later')
    },
    retrying(),
  )
  const began = performance.now()
  t.equal((await send(gateway.api)).body, 'ok')
  t.ok(performance.now() - began >= 990)
  after = new Date(Date.now() - 5000).toUTCString()
  t.equal((await send(gateway.api)).body, 'ok', 'a date that is over')
  for (after of ['2', new Date(Date.now() + 60_000).toUTCString()]) {
    requests = 0
    const answer = await send(gateway.api)
    t.equal(answer.body, 'later')
    t.equal(answer.headers['retry-after'], after)
  }
  t.match(await counted(gateway), { retry_after: 2 })
})

t.test('the budget', async (t) => {
  const { listener, bodies } = inTurn(503)
  const gateway = await proxied(t, listener, retrying({ budget: { percent: 20, min_retries: 3 } }))
  for (let i = 0; i < 50; i++) await send(gateway.api)
  t.equal(bodies.length, 60, 'one in five')
  t.match(await counted(gateway), { retried: 10 })
})

t.test('the breaker is met by every attempt', async (t) => {
  const { listener, bodies } = inTurn(503)
  const gateway = await proxied(t, listener, retrying({ max_retries: 5 }, { breaker: { failure_threshold: 2 } }))
  const answer = await send(gateway.api)
  t.equal(answer.json().code, 'breaker_open')
  t.equal(bodies.length, 2)
  t.same(await counted(gateway), { retried: 2, refused: 1 })
})

t.test('a client that leaves while it is waited', async (t) => {
  const { listener, bodies } = inTurn(503)
  const gateway = await proxied(t, listener, retrying({ backoff: { base: '1h', max: '1h' } }))
  const client = await connectTo(gateway.port)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  await gateway.settled(1)
  client.destroy()
  await gateway.logged(1)
  t.match(gateway.finished, [{ outcome: 'aborted' }])
  await turn()
  t.same(await counted(gateway), { aborted: 1 })
  t.equal(bodies.length, 1)
})

t.test('upgrades', async (t) => {
  let requests = 0
  const busy = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, () => {
        requests++
        socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
      }),
    retrying(),
  )
  const headers = { Connection: 'Upgrade', Upgrade: 'websocket' }
  t.equal((await send(busy.api, { headers })).status, 503)
  t.equal(requests, 1)
  const gone = await proxied(t, () => {})
  await gone.upstream.close()
  const refused = await gatewayTo(t, gone.upstream.url, retrying())
  t.equal((await send(refused.api, { headers })).status, 502)
  t.equal(refused.outcomes.length, 3)
})

t.test('budget and counts outlive a reload; options do not', async (t) => {
  const bench = new FilterBench()
  const at = { endpoint: endpoint('api') }
  const rules = { backoff: { base: 0, max: 0 }, max_retries: 10 }
  const tries = async ({ filter }: Awaited<ReturnType<FilterBench['make']>>): Promise<number> => {
    const x = exchange()
    x.set(RouteSlot, { endpoint: at.endpoint, path: '/' } as never)
    let calls = 0
    const next = (): never => {
      calls++
      throw new WeirError('upstream_reset')
    }
    await t.rejects(Promise.resolve(filter.upstream!(x, { upgrade: undefined }, next)), { code: 'upstream_reset' })
    return calls
  }
  const first = await bench.make(retry, rules, at)
  t.equal(await tries(first), 4)
  const second = await bench.make(retry, { ...rules, budget: { min_retries: 5 } }, at)
  await first.dispose()
  t.equal(await tries(second), 3, 'three are spent')
  bench.clock.advance(10_000)
  t.equal(await tries(second), 6)
  t.match(bench.meter.text(), /weir_retries_total\{endpoint="api",outcome="budget"\} 3/)
  await second.dispose()
  t.notMatch(bench.meter.text(), /weir_retries_total/)
})

t.test('a method that is not idempotent is warned of', async (t) => {
  const made = await new FilterBench().make(retry, { methods: ['GET', 'post'] }, { endpoint: endpoint('api') })
  t.match(made.warnings, [/^POST is not idempotent/])
  t.ok([...made.filter.explain!(exchange())][0])
})

t.test('so is a time for one attempt that all of them do not have', async (t) => {
  const warned = async (options: object) =>
    (await new FilterBench().make(retry, { ...options }, { endpoint: endpoint('api') })).warnings
  t.same(await warned({ per_try_timeout: '2s', timeout: '5s' }), [])
  t.same(await warned({ per_try_timeout: '2s' }), [])
  t.match(await warned({ per_try_timeout: '5s', timeout: '5s' }), [/^per_try_timeout has no effect/])
})
