import t from 'tap'
import { defineFilter } from '../../../core/index.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { connectTo, send } from '../../support/client.ts'
import { startRawUpstream } from '../../support/upstream.ts'
import { gatewayTo, onHead, proxied, proxiedRaw, refused, startBlackhole } from './support.ts'

type Test = Parameters<typeof proxied>[0]

/** A gateway before an upstream that answers every head with these bytes, then closes if `end` says so. */
const answering = (t: Test, bytes: string, end?: 'end' | 'reset', proxy: Record<string, unknown> = {}) =>
  proxiedRaw(
    t,
    (socket) =>
      onHead(socket, () =>
        socket.write(bytes, 'latin1', () => {
          if (end === 'end') socket.end()
          else if (end === 'reset') socket.resetAndDestroy()
        }),
      ),
    { proxy },
  )

t.test('nobody listens', async (t) => {
  const gone = await startRawUpstream(() => {})
  await gone.close()
  const { api, outcomes } = await gatewayTo(t, gone.url)
  t.equal(await refused(api), '502 upstream_connect_failed; weir; error=destination_unavailable')
  t.match(outcomes, [{ result: 'failure', status: undefined, error: { code: 'upstream_connect_failed' } }])
})

t.test('a name that does not resolve', async (t) => {
  const { api } = await gatewayTo(t, 'http://weir.invalid')
  t.equal(await refused(api), '502 upstream_dns_failed; weir; error=dns_error')
})

t.test('no answer', async (t) => {
  const { api, runtime, outcomes } = await proxiedRaw(t, () => {}, { proxy: { first_byte_timeout: '100ms' } })
  t.equal(await refused(api), '504 upstream_timeout; weir; error=http_response_timeout')
  t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_timeout' } }])
  t.equal(runtime.timers.size, 0)
})

t.test('no answer after an upload, which does not count against the limit', async (t) => {
  const { api } = await proxiedRaw(t, (socket) => socket.resume(), { proxy: { timeout: '100ms' } })
  const { status, json } = await send(api, { method: 'POST', body: 'x'.repeat(200_000) })
  t.equal(status, 504)
  t.equal(json().code, 'upstream_timeout')
})

t.test('an upstream that takes no more of an upload', async (t) => {
  // The client is not to blame, though nothing is read from it for longer than its own limit.
  const proxy = await proxiedRaw(t, (socket) => void socket.pause(), {
    proxy: { timeout: '400ms' },
    limits: { bodyTimeoutMs: 100 },
  })
  const client = await connectTo(proxy.port)
  client.on('error', () => {})
  client.resume()
  client.write('POST /api HTTP/1.1\r\nHost: weir\r\nContent-Length: 33554432\r\n\r\n')
  client.write(Buffer.alloc(32 * 1024 * 1024))
  await proxy.settled(1)
  client.destroy()
  t.match(proxy.outcomes, [{ result: 'failure', error: { code: 'upstream_idle_timeout' } }])
})

t.test('not HTTP', async (t) => {
  for (const bytes of [
    'SSH-2.0-OpenSSH_9.9\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nno colon\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
  ]) {
    const { api, outcomes } = await answering(t, bytes)
    t.equal(
      await refused(api),
      '502 upstream_protocol_error; weir; error=http_protocol_error',
      JSON.stringify(bytes.slice(0, 60)),
    )
    t.match(outcomes, [{ result: 'failure' }])
  }
})

t.test('not HTTP in the middle of a body: the client’s connection is cut', async (t) => {
  const { api, settled, outcomes } = await answering(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nx\r\n',
  )
  await t.rejects(send(api), { code: 'ECONNRESET' })
  await settled(1)
  t.match(outcomes, [{ result: 'failure', status: 200, error: { code: 'upstream_protocol_error' } }])
})

t.test('closed or reset before an answer', async (t) => {
  for (const bytes of [
    '',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Half: ',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  ]) {
    for (const end of ['end', 'reset'] as const) {
      const { api } = await answering(t, bytes, end)
      t.equal(await refused(api), '502 upstream_reset; weir; error=connection_terminated', `${bytes} ${end}`)
    }
  }
})

t.test('cut in the middle of a body: the client’s connection is cut', async (t) => {
  for (const head of [
    'Content-Length: 100\r\n\r\nhalf',
    'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    'Connection: close\r\nContent-Length: 100\r\n\r\nhalf',
    'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
  ]) {
    for (const end of ['end', 'reset'] as const) {
      const { api, settled, outcomes, logged, finished } = await answering(t, `HTTP/1.1 200 OK\r\n${head}`, end)
      await t.rejects(send(api), { code: 'ECONNRESET' }, `${JSON.stringify(head)} ${end}`)
      await settled(1)
      t.match(outcomes, [{ result: 'failure', status: 200, error: { code: 'upstream_reset' } }])
      await logged(1)
      t.match(finished, [{ outcome: 'aborted', status: 200, error: { code: 'upstream_reset' } }])
    }
  }
})

t.test('a body that ends with the connection', async (t) => {
  const whole = await answering(t, 'HTTP/1.1 200 OK\r\n\r\nall of it', 'end')
  t.equal((await send(whole.api)).body, 'all of it')
})

t.test('silence in the middle of a body: the client’s connection is cut', async (t) => {
  for (const head of ['Content-Length: 100\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n']) {
    const { api, settled, outcomes, runtime } = await answering(t, `HTTP/1.1 200 OK\r\n${head}`, undefined, {
      idle_timeout: '100ms',
    })
    await t.rejects(send(api), { code: 'ECONNRESET' })
    await settled(1)
    t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_idle_timeout' } }])
    t.equal(runtime.timers.size, 0)
  }
})

t.test('a short idle timeout is neither early nor much too late', async (t) => {
  const { api } = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', undefined, {
    idle_timeout: '200ms',
  })
  const start = performance.now()
  await t.rejects(send(api), { code: 'ECONNRESET' })
  const elapsed = performance.now() - start
  t.ok(elapsed >= 200 && elapsed < 1000, `${elapsed} ms`)
})

t.test('an answer that came while the gateway itself was stalled is not too late', async (t) => {
  const { api } = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf')
        setTimeout(
          () =>
            setImmediate(() => {
              socket.write('full')
              for (const end = performance.now() + 500; performance.now() < end; );
            }),
          50,
        )
      }),
    { proxy: { idle_timeout: '200ms' } },
  )
  t.equal((await send(api)).body, 'halffull')
})

t.test('no connection in time', async (t) => {
  const { api, runtime, outcomes } = await gatewayTo(t, await startBlackhole(t), {
    proxy: { connect_timeout: '200ms' },
  })
  const start = performance.now()
  t.equal(await refused(api), '504 upstream_connect_timeout; weir; error=connection_timeout')
  const elapsed = performance.now() - start
  t.ok(elapsed >= 200 && elapsed < 1500, `${elapsed} ms`)
  t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_connect_timeout' } }])
  t.equal(runtime.timers.size, 0)
})

t.test('a filter that sets a field that is no HTTP is to blame', async (t) => {
  const breaking = defineFilter({
    name: 'breaking',
    apiVersion: 1,
    create: () => ({ request: (x) => x.request.headers.add('X-Broken', 'a\r\nInjected: b') }),
  })
  let connections = 0
  const upstream = await startRawUpstream(() => connections++)
  t.teardown(() => upstream.close())
  const { api, outcomes } = await gatewayTo(t, upstream.url, { filters: [breaking] })
  t.equal(await refused(api), '500 filter_error; weir; error=proxy_internal_error')
  t.same(outcomes, [], 'nothing was attempted')
  t.equal(connections, 0)
})

t.test('an endpoint without a target', async (t) => {
  const spec = specOf([{ name: 'api', url: 'http://127.0.0.1' }], [['route-match', { prefix: '' }], 'proxy'])
  const endpoints = spec.endpoints.map((one) => ({ ...one, endpoint: { ...one.endpoint, targets: [] } }))
  const { url, close } = await startGateway({ ...spec, endpoints })
  t.teardown(close)
  const { status, headers, json } = await send(`${url}/api`)
  t.equal(`${status} ${String(json().code)}`, '503 no_target')
  t.equal(headers['retry-after'], '30')
})

t.test('a client of HTTP/1.0, whose answers end with the connection, sees a reset', async (t) => {
  const { port } = await answering(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', undefined, {
    idle_timeout: '100ms',
  })
  const socket = await connectTo(port)
  socket.resume()
  const end = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.on('end', () => resolve('a whole answer'))
  })
  socket.write('GET /api HTTP/1.0\r\nHost: weir\r\n\r\n')
  t.equal(await end, 'ECONNRESET')
})

t.test('an event stream outlives every timeout as long as it sends', async (t) => {
  const { api, runtime } = await proxied(
    t,
    (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' })
      let sent = 0
      const timer = setInterval(() => {
        res.write(`data: ${sent}\n\n`)
        if (++sent < 12) return
        clearInterval(timer)
        res.end()
      }, 50)
    },
    { proxy: { timeout: '250ms' } },
  )
  const { body } = await send(api)
  t.equal(body.match(/data/g)?.length, 12)
  t.equal(runtime.timers.size, 0)
})
