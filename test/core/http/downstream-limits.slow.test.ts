import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { DEFAULT_LIMITS } from '../../../core/http/downstream-limits.ts'
import { defineFilter, reply } from '../../../core/index.ts'
import { onHead, proxied, proxiedRaw, signal } from '../../filters/proxy/support.ts'
import { connectTo, send, sendRaw } from '../../support/client.ts'

const fields = (count: number): string => Array.from({ length: count }, (_, n) => `X-${n}: ${n}\r\n`).join('')
const head = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`
const closed = async (socket: Socket): Promise<string> => {
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  await once(socket, 'close')
  return received
}

t.test('sizes and counts', async (t) => {
  const limits = { maxHeadersSize: 4096, maxHeadersCount: 20, maxTargetSize: 100 }
  const { port, gateway, finished, logged } = await proxied(t, (_req, res) => res.end('ok'), { limits })
  const status = async (bytes: string): Promise<string> => (await sendRaw(port, bytes)).slice(9, 12)
  t.equal(await status(head('/api', fields(18))), '200')
  t.equal(await status(head('/api', fields(19))), '431')
  t.equal(await status(head('/api', fields(35))), '431')
  t.equal(await status(head('/api', fields(2500))), '431', 'nothing is dropped in silence')
  t.equal(await status(head(`/api/${'x'.repeat(95)}`)), '200')
  t.equal(await status(head(`/api/${'x'.repeat(96)}`)), '414')
  t.equal(await status(head(`/api?${'x'.repeat(96)}`)), '414', 'the query counts')
  t.equal(await status(head(`/api/${'x'.repeat(5000)}`)), '414')
  t.equal(await status(head('/api', `X: ${'x'.repeat(5000)}\r\n`)), '431')
  await logged(9)
  for (const at of [1, 2]) t.match(finished[at], { outcome: 'completed', status: 431 })
  gateway.limit({ ...DEFAULT_LIMITS, ...limits, maxHeadersCount: 40, maxTargetSize: 300, maxHeadersSize: 16384 })
  t.equal(await status(head('/api', fields(38))), '200', 'a new configuration holds at once')
  t.equal(await status(head('/api', fields(39))), '431')
  t.equal(await status(head(`/api/${'x'.repeat(295)}`)), '200')
  t.equal(await status(head('/api', `X: ${'x'.repeat(5000)}\r\n`)), '200')
})

t.test('a head that stays incomplete', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), { limits: { headersTimeoutMs: 100 } })
  const slow = await connectTo(port)
  slow.write('GET /api HTTP/1.1\r\nHost:')
  const silent = await connectTo(port)
  t.match(await closed(slow), /^HTTP\/1\.1 408 /)
  await closed(silent)
})

t.test('an incomplete head does not delay a stop', async (t) => {
  const { port, gateway } = await proxied(t, (_req, res) => res.end('ok'))
  const slow = await connectTo(port)
  slow.write('GET /api HTTP/1.1\r\nHost:')
  const answer = closed(slow)
  await send(`http://127.0.0.1:${port}/api`)
  t.equal(await gateway.close(20_000), true, 'nothing had to be cut')
  t.match(await answer, /^HTTP\/1\.1 408 /)
})

t.test('an idle connection', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), { limits: { idleTimeoutMs: 50 } })
  const client = await connectTo(port)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(await closed(client), /^HTTP\/1\.1 200 OK\r\n.*ok$/s)
})

t.test('a body that stalls', async (t) => {
  for (const [framing, part] of [
    ['Content-Length: 10', 'hello'],
    ['Transfer-Encoding: chunked', '5\r\nhello\r\n'],
  ]) {
    const gone = signal()
    const { port, runtime, finished, logged, outcomes, settled } = await proxiedRaw(
      t,
      (socket) => socket.on('close', () => gone.fire()).resume(),
      { limits: { bodyTimeoutMs: 100 } },
    )
    const client = await connectTo(port)
    client.write(`POST /api HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${part}`)
    const answer = await closed(client)
    t.match(answer, /^HTTP\/1\.1 408 .*"code":"request_body_timeout"/s)
    t.match(answer, /\r\nConnection: close\r\n/)
    await gone.promise
    await logged(1)
    await settled(1)
    t.match(finished, [{ status: 408, error: { code: 'request_body_timeout' } }])
    t.match(outcomes, [{ result: 'ignored' }])
    while (runtime.timers.size > 0) await turn()
  }
})

t.test('the rest of a body that nobody reads and that stalls', async (t) => {
  const { port, runtime } = await proxied(t, (_req, res) => res.end(), { limits: { bodyTimeoutMs: 100 } })
  const client = await connectTo(port)
  client.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  const answer = await closed(client)
  t.match(answer, /^HTTP\/1\.1 404 /)
  t.notMatch(answer, /Connection: close/)
  while (runtime.timers.size > 0) await turn()
})

t.test('a client that leaves while the rest of its body is drained: no deadline stays', async (t) => {
  const { port, runtime, logged } = await proxied(t, (_req, res) => res.end('early'))
  const client = await connectTo(port)
  client.write('POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello')
  await once(client, 'data')
  await logged(1)
  client.destroy()
  while (runtime.timers.size > 0) await turn()
})

t.test('a slow body does not stall, nor does one for which the upstream is not ready', async (t) => {
  const slow = await proxied(t, (req, res) => void req.pipe(res), { limits: { bodyTimeoutMs: 200 } })
  const client = await connectTo(slow.port)
  client.write('POST /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 6\r\n\r\n')
  const answer = closed(client)
  for (const letter of 'hello!') {
    await new Promise((resolve) => setTimeout(resolve, 80))
    client.write(letter)
  }
  t.match(await answer, /^HTTP\/1\.1 200 .*\r\n1\r\n!\r\n0\r\n\r\n$/s)

  const size = 20_000_000
  const busy = await proxied(
    t,
    async (req, res) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      let bytes = 0
      for await (const chunk of req) bytes += (chunk as Buffer).length
      res.end(String(bytes))
    },
    { limits: { bodyTimeoutMs: 100 } },
  )
  t.equal((await send(busy.api, { method: 'POST', body: Buffer.alloc(size) })).body, String(size))
})

t.test('a client that does not read', async (t) => {
  const { port, runtime, finished, logged, outcomes, settled } = await proxied(
    t,
    (_req, res) => void res.end(Buffer.alloc(50_000_000)),
    { limits: { sendTimeoutMs: 200 } },
  )
  const client = await connectTo(port)
  const ignore = (): void => {}
  client.on('error', ignore)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  await logged(1)
  await settled(1)
  t.match(finished, [{ outcome: 'aborted', status: 200, error: { code: 'client_stalled' } }])
  t.match(outcomes, [{ result: 'ignored' }])
  const reset = once(client, 'error') as Promise<[NodeJS.ErrnoException]>
  client.off('error', ignore).resume()
  t.equal((await reset)[0].code, 'ECONNRESET', 'the kernel keeps nothing for it')
  t.equal(runtime.timers.size, 0)
})

t.test('a client that does not read the end of a response', async (t) => {
  const body = Buffer.alloc(50_000_000) // more than the kernel takes, and all in one piece
  const large = defineFilter({
    name: 'large',
    apiVersion: 1,
    create: () => ({ routed: () => reply(200, 'large', { body }) }),
  })
  const limits = { sendTimeoutMs: 200 }
  const { port, finished, logged } = await proxied(t, (_req, res) => res.end(), { limits, filters: [large] })
  const client = await connectTo(port)
  client.on('error', () => {})
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n')
  await logged(1)
  t.match(finished, [{ outcome: 'aborted', error: { code: 'client_stalled' } }])
})

t.test('a client that reads slowly is not stalled', async (t) => {
  const size = 3_000_000
  const { port } = await proxied(t, (_req, res) => void res.end(Buffer.alloc(size)), { limits: { sendTimeoutMs: 300 } })
  const client = await connectTo(port)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let bytes = 0
  client.on('data', (chunk) => {
    bytes += chunk.length
    client.pause()
    setTimeout(() => client.resume(), 30)
  })
  await once(client, 'close')
  t.ok(bytes > size)
})

t.test('slow uploads do not delay other requests', async (t) => {
  const { port, api } = await proxied(t, (req, res) => void req.resume().on('end', () => res.end('ok')))
  const slow = await Promise.all(Array.from({ length: 100 }, () => connectTo(port)))
  for (const client of slow) client.write('POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1')
  const began = performance.now()
  for (let i = 0; i < 20; i++) t.equal((await send(api, { method: 'POST', body: 'x' })).status, 200)
  t.ok(performance.now() - began < 5000)
  for (const client of slow) client.destroy()
})

t.test('a request after a slow response waits for it', async (t) => {
  const { port } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
  )
  const client = await connectTo(port)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\nGET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  t.equal((await closed(client)).match(/HTTP\/1\.1 200/g)?.length, 2)
})
