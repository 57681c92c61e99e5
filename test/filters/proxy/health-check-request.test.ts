import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { HealthCheckRequest, HealthCheckResponse } from '../../../core/index.ts'
import { sendHealthChecksThrough } from '../../../filters/proxy/health-check-request.ts'
import { makePool } from '../../../filters/proxy/pool.ts'
import { startRawUpstream, startUpstream } from '../../support/upstream.ts'
import { onHead, startBlackhole } from './support.ts'

/** Sends checks to a URL. */
function checking(t: Test, origin: string): (check?: Partial<HealthCheckRequest>) => Promise<HealthCheckResponse> {
  const dns = { min: 1000, max: 1000, default: 1000, servers: undefined }
  const pool = makePool({
    origin,
    connectTimeoutMs: 5000,
    keepAliveMs: 4000,
    ca: undefined,
    verify: true,
    serverName: '',
    dns,
  })
  t.teardown(() => pool.destroy())
  const send = sendHealthChecksThrough(() => pool)
  const signal = new AbortController().signal
  // undici takes a connection for busy until it has told of the end of the answer.
  return async (check) => {
    await new Promise((done) => setImmediate(done))
    return send({
      method: 'GET',
      path: '/well?x=1',
      headers: ['a', 'b'],
      signal,
      timeoutMs: 1000,
      maxBody: 10,
      ...check,
    })
  }
}

t.test('status and beginning of the body; connections are kept, also behind HEAD', async (t) => {
  const upstream = await startUpstream((request, response) => {
    response.writeHead(request.method === 'HEAD' ? 204 : 418).end(`${request.url} ${request.headers.a}`)
  })
  t.teardown(() => upstream.close())
  const ask = checking(t, upstream.url)
  t.match(await ask({ maxBody: 100 }), { status: 418, body: Buffer.from('/well?x=1 b') })
  t.equal((await ask({ method: 'HEAD' })).status, 204)
  t.equal((await ask({ maxBody: 100 })).status, 418)
  t.equal(upstream.connections(), 1)
  t.equal((await ask({ maxBody: 5 })).body.toString(), '/well')
})

t.test('an endless body is not waited for', async (t) => {
  const upstream = await startUpstream((_request, response) => {
    const more = (): unknown => !response.destroyed && response.write('x'.repeat(1000), () => setImmediate(more))
    more()
  })
  t.teardown(() => upstream.close())
  const ask = checking(t, upstream.url)
  t.equal((await ask()).body.toString(), 'xxxxxxxxxx')
  t.equal((await ask()).status, 200)
})

t.test('as many bytes as are wanted are enough', async (t) => {
  const upstream = await startUpstream((_request, response) => void response.write('x'.repeat(10)))
  t.teardown(() => upstream.close())
  t.equal((await checking(t, upstream.url)()).body.length, 10)
})

t.test('interim answers are none; a kept connection that is closed when used again is no failure', async (t) => {
  let connections = 0
  const upstream = await startRawUpstream((socket) => {
    const number = ++connections
    onHead(socket, (_head, count) => {
      if (number === 1 && count === 2) return socket.destroy()
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  t.teardown(() => upstream.close())
  const ask = checking(t, upstream.url)
  t.match(await ask(), { status: 200, body: Buffer.from('ok') })
  t.match(await ask(), { status: 200, body: Buffer.from('ok') })
  t.equal(connections, 2)
})

t.test('what went wrong', async (t) => {
  const upstream = await startRawUpstream((socket) => onHead(socket, () => void socket.end('not HTTP\r\n\r\n')))
  await t.rejects(checking(t, upstream.url)(), { code: 'upstream_protocol_error' })
  await upstream.close()
  await t.rejects(checking(t, upstream.url)(), { code: 'upstream_connect_failed' })
  const mute = await startRawUpstream((socket: Socket) => void socket.end())
  t.teardown(() => mute.close())
  await t.rejects(checking(t, mute.url)(), { code: 'upstream_reset' })
})

t.test('a kept connection that is closed when used again is tried once more, and not for ever', async (t) => {
  let heads = 0
  const upstream = await startRawUpstream((socket) =>
    onHead(socket, () => {
      if (++heads > 1) return socket.destroy()
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }),
  )
  t.teardown(() => upstream.close())
  const ask = checking(t, upstream.url)
  t.equal((await ask()).status, 200)
  await t.rejects(ask(), { code: 'upstream_reset' })
  t.equal(heads, 3)
})

t.test('an answer that was begun is not asked for again, and a reset is no end of its body', async (t) => {
  let heads = 0
  const upstream = await startRawUpstream((socket) =>
    onHead(socket, () => {
      heads++
      if (heads === 1) return socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      const head = heads === 2 ? 'HTTP/1.1 200 OK\r\nContent-Length: 9' : 'HTTP/1.1 200 OK'
      socket.write(`${head}\r\n\r\nhel`, () => setTimeout(() => socket.resetAndDestroy(), 50))
    }),
  )
  t.teardown(() => upstream.close())
  const ask = checking(t, upstream.url)
  t.equal((await ask()).status, 200)
  await t.rejects(ask(), { code: 'upstream_reset' })
  await t.rejects(ask(), { code: 'upstream_reset' })
  t.equal(heads, 3)
})

t.test('what can not be sent is said', async (t) => {
  const upstream = await startUpstream((_request, response) => void response.end())
  t.teardown(() => upstream.close())
  await t.rejects(checking(t, upstream.url)({ path: '/a b' }), { name: 'WeirError' })
  t.equal(upstream.connections(), 0)
})

t.test('one that is given up lets go of its connection, whether it has one or not', async (t) => {
  const gone = Promise.withResolvers<void>()
  const upstream = await startRawUpstream((socket) => socket.on('close', () => gone.resolve()).resume())
  t.teardown(() => upstream.close())
  for (const url of [upstream.url, await startBlackhole(t)]) {
    const giving = new AbortController()
    const answer = checking(t, url)({ signal: giving.signal })
    const waited = url === upstream.url ? new Promise((done) => setTimeout(done, 100)) : Promise.resolve()
    await waited
    giving.abort()
    await t.rejects(answer, { name: 'WeirError' })
  }
  await gone.promise
  const late = new AbortController()
  late.abort()
  await t.rejects(checking(t, upstream.url)({ signal: late.signal }), { name: 'WeirError' })
})
