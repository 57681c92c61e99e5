import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import { defineFilter } from '../../../core/index.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { connectTo, send } from '../../support/client.ts'
import { startDns } from '../../support/dns.ts'
import { startRawUpstream } from '../../support/upstream.ts'
import { gatewayTo, onHead, proxied, proxiedRaw, startBlackhole } from './support.ts'

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

async function refused(api: string): Promise<string> {
  const { status, headers, json } = await send(api, { headers: { Accept: 'application/json' } })
  return `${status} ${String(json().code)}; ${headers['proxy-status']}`
}

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
  const proxy = await proxiedRaw(t, (socket) => void socket.pause(), { proxy: { timeout: '100ms' } })
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

const openssl = spawnSync('openssl', ['version']).status === 0
if (!openssl && process.env.CI !== undefined) t.fail('openssl is needed here, and must be installed in CI')

t.test('TLS', { skip: openssl ? false : 'NOT TESTED: openssl is not installed' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const key = join(folder, 'key.pem')
  const cert = join(folder, 'cert.pem')
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${key} -out ${cert}`
  const names = ['-subj', '/CN=weir-test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:up.test']
  execFileSync('openssl', [...args.split(' '), ...names], { stdio: 'ignore' })
  let connections = 0
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_req, res) => res.end('secret'))
  server.on('secureConnection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`

  t.equal(
    await refused((await gatewayTo(t, url)).api),
    '502 upstream_tls_failed; weir; error=tls_certificate_error',
    'an authority that nobody knows',
  )
  const named = await gatewayTo(t, url.replace('127.0.0.1', 'localhost'), { proxy: { tls: { ca_file: cert } } })
  t.equal(
    await refused(named.api),
    '502 upstream_tls_failed; weir; error=tls_certificate_error',
    'a known one, for another name',
  )
  const plain = await gatewayTo(t, url.replace('https', 'http'))
  t.match(await refused(plain.api), /^502 /, 'http to an https port')

  const choosy = createServer({
    key: readFileSync(key),
    cert: readFileSync(cert),
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', // not for this key
  })
  await new Promise<void>((resolve) => choosy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => choosy.close())
  const disagreeing = await gatewayTo(t, `https://127.0.0.1:${(choosy.address() as AddressInfo).port}`)
  t.equal(await refused(disagreeing.api), '502 upstream_tls_error; weir; error=tls_protocol_error', 'no common cipher')

  connections = 0
  const trusting = await gatewayTo(t, url, { proxy: { tls: { ca_file: cert } } })
  for (let i = 0; i < 3; i++) t.equal((await send(trusting.api)).body, 'secret')
  t.equal(connections, 1)
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.1'] } })
  t.teardown(() => dns.close())
  const resolved = await gatewayTo(t, url.replace('127.0.0.1', 'up.test'), {
    proxy: { tls: { ca_file: cert }, dns: { servers: [dns.address] } },
  })
  t.equal((await send(resolved.api)).body, 'secret', 'the name is verified, whatever its address')
  const careless = await gatewayTo(t, url, { proxy: { tls: { verify: false } } })
  t.equal((await send(careless.api)).body, 'secret')

  // A tunnel, half-closed by either side, with what is under way the other way.
  const mebibyte = Buffer.alloc(1024 * 1024, 7)
  let received = 0
  let clientFirst = true
  const switching = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(cert), allowHalfOpen: true },
    (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        if (!clientFirst) socket.end('bye')
        socket.on('data', (chunk) => (received += chunk.length))
        socket.on('end', () => socket.end(clientFirst ? mebibyte : ''))
      })
    },
  )
  await new Promise<void>((resolve) => switching.listen(0, '127.0.0.1', resolve))
  t.teardown(() => switching.close())
  const tunnels = await gatewayTo(t, `https://127.0.0.1:${(switching.address() as AddressInfo).port}`, {
    proxy: { tls: { ca_file: cert } },
  })
  for (const first of [true, false]) {
    clientFirst = first
    const client = connect({ port: tunnels.port, host: '127.0.0.1', allowHalfOpen: true })
    let answer = Buffer.alloc(0)
    client.on('data', (chunk) => (answer = Buffer.concat([answer, chunk as Buffer])))
    client.write('GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await once(client, 'data')
    if (clientFirst) client.end('hello')
    await once(client, 'end')
    if (!clientFirst) client.end(mebibyte)
    await tunnels.logged(clientFirst ? 1 : 2)
    t.equal(received, clientFirst ? 5 : 5 + mebibyte.length)
    t.equal(String(answer.subarray(-3)), clientFirst ? '\x07\x07\x07' : 'bye')
    if (clientFirst) t.ok(answer.subarray(-mebibyte.length).equals(mebibyte))
  }
  t.equal(tunnels.runtime.timers.size, 0)
})

t.test('an upstream that does not speak TLS', async (t) => {
  const upstream = await startRawUpstream((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  t.teardown(() => upstream.close())
  const { api } = await gatewayTo(t, upstream.url.replace('http', 'https'))
  t.equal(await refused(api), '502 upstream_tls_error; weir; error=tls_protocol_error')
})
