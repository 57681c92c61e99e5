import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import { send } from '../../support/client.ts'
import { startDns } from '../../support/dns.ts'
import { startRawUpstream } from '../../support/upstream.ts'
import { gatewayTo, refused } from './support.ts'

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
