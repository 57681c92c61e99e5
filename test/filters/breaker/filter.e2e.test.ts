import { once } from 'node:events'
import { request, type ServerResponse } from 'node:http'
import t from 'tap'
import { send } from '../../support/client.ts'
import { guarded } from './support.ts'

t.test('opens, refuses, lets exactly three of 256 through, closes', async (t) => {
  let healthy = false
  let calls = 0
  const held: ServerResponse[] = []
  const gw = await guarded(
    t,
    (_request, response) => {
      calls++
      if (healthy) held.push(response)
      else response.writeHead(503).end()
    },
    { reset_timeout: '10s', max_reset_timeout: '15s' },
  )
  for (let i = 0; i < 5; i++) t.equal((await send(gw.api)).status, 503)
  const refused = await send(gw.api)
  t.match(refused, { status: 503, headers: { 'proxy-status': 'weir; error=destination_unavailable' } })
  t.match(refused.json(), { code: 'breaker_open' })
  t.match(refused.headers['retry-after'], /^(9|10)$/)
  t.equal(calls, 5)
  gw.pass(10_000)
  t.equal((await send(gw.api)).status, 503, 'one failing probe opens it again')
  t.match((await send(gw.api)).headers['retry-after'], /^1[45]$/, 'for longer')
  gw.pass(10_000)
  t.equal((await send(gw.api)).status, 503)
  gw.pass(5000)
  healthy = true
  calls = 0
  let refusals = 0
  const all = Promise.all(
    Array.from({ length: 256 }, async () => {
      const { status } = await send(gw.api)
      if (status === 503 && ++refusals === 253) for (const response of held) response.end()
      return status
    }),
  )
  const statuses = await all
  t.equal(statuses.filter((status) => status === 200).length, 3)
  t.equal(calls, 3)
  t.equal(gw.breaker.phase, 'closed')
  const last = send(gw.api)
  while (held.length < 4) await new Promise(setImmediate)
  held[3]!.end()
  t.equal((await last).status, 200)
})

t.test('a probe whose client leaves frees its slot', async (t) => {
  const gw = await guarded(t, (_request, response) => void response.write('...'), {
    reset_timeout: '10s',
    half_open_max_calls: 1,
  })
  gw.breaker.trip()
  gw.pass(10_000)
  for (let i = 1; i <= 3; i++) {
    const probe = request(gw.api).on('error', () => {})
    probe.end()
    const [answer] = await once(probe, 'response')
    t.equal(answer.statusCode, 200)
    t.equal((await send(gw.api)).status, 503)
    probe.destroy()
    await gw.logged(2 * i)
    t.equal(gw.breaker.phase, 'half_open')
  }
})

t.test('slow answers open it; a slow body does not', async (t) => {
  const gw = await guarded(
    t,
    (incoming, response) => {
      if (incoming.url === '/body') response.flushHeaders()
      setTimeout(() => response.end(), 100)
    },
    { slow_call_rate: 100, slow_call_duration: '80ms', minimum_calls: 2 },
  )
  for (let i = 0; i < 3; i++) t.equal((await send(`${gw.api}/body`)).status, 200)
  t.equal(gw.breaker.phase, 'closed')
  gw.breaker.reset()
  for (let i = 0; i < 2; i++) t.equal((await send(gw.api)).status, 200)
  t.equal((await send(gw.api)).status, 503)
})

t.test('what it knows survives a reload with other options; the handle stays one', async (t) => {
  const gw = await guarded(t, (_request, response) => void response.writeHead(503).end(), { failure_threshold: 2 })
  await send(gw.api)
  await gw.gateway.load(gw.spec({ failure_threshold: 2, reset_timeout: '1s' }))
  await send(gw.api)
  t.match((await send(gw.api)).json(), { code: 'breaker_open' })
  await gw.gateway.load(gw.spec({ failure_threshold: 2, fallback_strategy: 'redirect', redirect: { url: '/sorry' } }))
  t.equal((await send(gw.api)).status, 307)
  t.equal(gw.gateway.registry.get('api')!.breakers.size, 1)
  await t.rejects(gw.gateway.load(gw.spec({ fallback_strategy: 'redirect' })))
  t.equal((await send(gw.api)).status, 307)
  t.equal(gw.gateway.registry.get('api')!.breakers.size, 1)
})

t.test('default_response over the wire, HEAD included', async (t) => {
  const gw = await guarded(t, (_request, response) => void response.end('up'), {
    fallback_strategy: 'default_response',
    default_response: { status: 203, headers: { 'Content-Type': 'text/plain' }, body: 'später' },
  })
  t.equal((await send(gw.api)).body, 'up')
  gw.breaker.trip()
  const get = await send(gw.api)
  t.match(get, { status: 203, body: 'später', headers: { 'content-type': 'text/plain', 'content-length': '7' } })
  const head = await send(gw.api, { method: 'HEAD' })
  t.match(head, { status: 203, body: '', headers: { 'content-length': '7' } })
  t.same((await send(gw.api, { method: 'POST', body: 'x' })).body, 'später')
  t.match(gw.finished.at(-1)!.exchange!.response!.local, { filter: 'breaker', reason: 'breaker_open' })
})

t.test('default_response without a body is a problem document from status 400 on', async (t) => {
  const gw = await guarded(t, (_request, response) => void response.end(), {
    fallback_strategy: 'default_response',
    default_response: { status: 502 },
  })
  gw.breaker.trip()
  const answer = await send(gw.api)
  t.match(answer, { status: 502, headers: { 'proxy-status': 'weir; error=destination_unavailable' } })
  t.match(answer.headers['retry-after'], /^\d+$/)
  t.match(answer.json(), { code: 'breaker_open' })
})

t.test('redirect over the wire', async (t) => {
  const gw = await guarded(t, (_request, response) => void response.end(), {
    fallback_strategy: 'redirect',
    redirect: { url: 'https://standby.test/x{path}{query}', status: 308 },
  })
  gw.breaker.trip()
  const answer = await send(`${gw.api}/a%20b?c=d`, { method: 'PUT', body: 'x' })
  t.match(answer, {
    status: 308,
    headers: { location: 'https://standby.test/x/api/a%20b?c=d', 'cache-control': 'no-store', 'content-length': '0' },
  })
  t.equal((await send(gw.api, { method: 'HEAD' })).status, 308)
})
