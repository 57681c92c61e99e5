import { once } from 'node:events'
import t from 'tap'
import { type Clock, defineFilter } from '../../../core/index.ts'
import { exchange } from '../../../core/testing.ts'
import { timeLeft, UNLIMITED, withTimeout } from '../../../filters/proxy/deadlines.ts'
import { connectTo, send, sendRaw } from '../../support/client.ts'
import { gatewayTo, onHead, proxied, proxiedRaw, startBlackhole } from './support.ts'

/** An outer filter that wants the head within so many milliseconds. */
const within = (ms: number) =>
  defineFilter({
    name: 'within',
    apiVersion: 1,
    create: (_options, { clock }) => ({
      upstream: (_x, call, next) => next({ ...call, deadline: clock.now() + ms }),
    }),
  })

const at = (now: number): Clock => ({ now: () => now, wall: () => 0 })

t.test('what is left', async (t) => {
  const x = exchange({}, 1000)
  t.equal(timeLeft({ upgrade: undefined }, x, Infinity, at(1500)), UNLIMITED)
  t.same(timeLeft({ upgrade: undefined, deadline: 1700 }, x, Infinity, at(1500)), { head: 200, end: Infinity })
  t.same(timeLeft({ upgrade: undefined, deadline: 1700 }, x, 600, at(1500)), { head: 100, end: 100 })
  t.same(timeLeft({ upgrade: undefined }, x, 400, at(1500)), { head: -100, end: -100 })
})

t.test('the field that tells of it', async (t) => {
  t.same(withTimeout(['A', '1', 'x-left', '9', 'X-Left', '8'], 'X-Left', 12.7), ['A', '1', 'X-Left', '12'])
  t.same(withTimeout(['X-Left', '8'], 'X-Left', Infinity), [], 'what a client makes up goes all the same')
  t.same(withTimeout([], 'X-Left', 0.2), ['X-Left', '1'])
})

t.test('a head that is not there by its deadline', async (t) => {
  const { api, outcomes, settled, runtime } = await proxied(t, () => {}, { filters: [within(100)] })
  const answer = await send(api)
  t.equal(answer.status, 504)
  t.equal(answer.json().code, 'upstream_timeout')
  await settled(1)
  t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_timeout' } }])
  t.equal(runtime.timers.size, 0)
})

t.test('a head that is there, and a body that takes longer', async (t) => {
  const { api, runtime } = await proxied(
    t,
    async (_req, res) => {
      res.write('a')
      await new Promise((resolve) => setTimeout(resolve, 500))
      res.end('b')
    },
    { filters: [within(250)] },
  )
  t.equal((await send(api)).body, 'ab')
  t.equal(runtime.timers.size, 0)
})

t.test('a connection that is not there by its deadline', async (t) => {
  const { api } = await gatewayTo(t, await startBlackhole(t), { filters: [within(100)] })
  const answer = await send(api)
  t.equal(answer.status, 504)
  t.equal(answer.json().code, 'upstream_connect_timeout', 'nothing was sent')
})

t.test('a deadline that is over before the call', async (t) => {
  let calls = 0
  const { api, gateway, outcomes, settled } = await proxied(
    t,
    (_req, res) => {
      calls++
      res.end()
    },
    { filters: [within(-1)] },
  )
  const answer = await send(api)
  t.equal(answer.status, 504)
  t.equal(answer.json().code, 'deadline_exceeded')
  await settled(1)
  t.match(outcomes, [{ result: 'ignored' }])
  t.equal(calls, 0)
  t.equal(gateway.registry.get('api')!.targets[0]!.outstanding, 0)
})

t.test('a slow upload is to blame itself', async (t) => {
  const { port, outcomes, settled } = await proxied(t, (req, res) => void req.resume().on('end', () => res.end()), {
    filters: [within(150)],
  })
  const client = await connectTo(port)
  client.write('POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.match(answer.toString(), /^HTTP\/1\.1 408 .*"code":"request_body_timeout"/s)
  await settled(1)
  t.match(outcomes, [{ result: 'ignored' }])
  client.destroy()
})

t.test('total_timeout', async (t) => {
  const silent = await proxied(t, () => {}, { proxy: { total_timeout: '100ms' } })
  t.equal((await send(silent.api)).json().code, 'upstream_timeout')

  const endless = await proxied(
    t,
    (_req, res) => {
      const timer = setInterval(() => res.write('tick\n'), 20)
      res.on('close', () => clearInterval(timer))
    },
    { proxy: { total_timeout: '300ms' } },
  )
  const received = await sendRaw(endless.port, 'GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(received, /^HTTP\/1\.1 200 .*tick/s)
  t.notMatch(received, /\r\n0\r\n\r\n$/, 'nobody takes it for the whole')
  await endless.logged(1)
  await endless.settled(1)
  t.match(endless.finished, [{ outcome: 'aborted', error: { code: 'upstream_timeout' } }])
  t.match(endless.outcomes, [{ result: 'failure', status: 200 }])
  t.equal(endless.runtime.timers.size, 0)

  const quick = await proxied(t, (_req, res) => res.end('ok'), { proxy: { total_timeout: '10s' } })
  t.equal((await send(quick.api)).body, 'ok')
  await quick.logged(1)
  t.equal(quick.runtime.timers.size, 0)
})

t.test('total_timeout of a client that does not read', async (t) => {
  const { port, finished, logged, outcomes, settled } = await proxied(
    t,
    (_req, res) => void res.end(Buffer.alloc(50_000_000)),
    { proxy: { total_timeout: '1500ms' } },
  )
  const client = await connectTo(port)
  client.on('error', () => {})
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(client, 'readable')
  await logged(1)
  await settled(1)
  t.match(finished, [{ outcome: 'aborted', error: { code: 'client_stalled' } }])
  t.match(outcomes, [{ result: 'ignored' }])
})

t.test('propagate_deadline', async (t) => {
  const seen = async (settings: Parameters<typeof proxied>[2]): Promise<string | undefined> => {
    const { api } = await proxied(t, (req, res) => res.end(req.headers['x-request-timeout-ms']), settings)
    return (await send(api, { headers: { 'X-Request-Timeout-Ms': '1' } })).body
  }
  const propagate_deadline = 'X-Request-Timeout-Ms'
  t.equal(await seen({}), '1', 'off: as the client sent it')
  t.equal(await seen({ proxy: { propagate_deadline, first_byte_timeout: '7s' } }), '7000')
  const total = Number(await seen({ proxy: { propagate_deadline, total_timeout: '5s' } }))
  t.ok(total > 4000 && total <= 5000, `${total}`)
  const head = Number(await seen({ proxy: { propagate_deadline, total_timeout: '5s' }, filters: [within(2000)] }))
  t.ok(head > 1000 && head <= 2000, `${head}`)
  for (const name of ['Host', 'content-length', 'a b', ''])
    await t.rejects(proxied(t, () => {}, { proxy: { propagate_deadline: name } }))
})

t.test('an early answer lets go of the upload at once', async (t) => {
  const { port, outcomes, settled } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
  )
  const client = await connectTo(port)
  client.write('POST /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhello')
  let received = ''
  client.on('data', (chunk) => {
    received += chunk.toString()
    if (received.endsWith('ok')) client.write('world')
  })
  await once(client, 'close')
  t.match(received, /^HTTP\/1\.1 200 .*ok$/s)
  await settled(1)
  t.match(outcomes, [{ result: 'success' }])
})
