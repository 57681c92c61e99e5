import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, createServer, type SecureContext } from 'node:tls'
import t, { type Test } from 'tap'
import { serverName } from '../../../filters/proxy/server-name.ts'
import { send } from '../../support/client.ts'
import { startDns } from '../../support/dns.ts'
import { gatewayTo } from './support.ts'

const openssl = spawnSync('openssl', ['version']).status === 0
if (!openssl && process.env.CI !== undefined) t.fail('openssl is needed here, and must be installed in CI')

t.test('the name of a target', (t) => {
  const name = (origin: string, configured?: string) =>
    serverName({ url: origin, origin, host: '', basePath: '', weight: 1 }, configured)
  t.equal(name('https://up.test:8443'), 'up.test')
  t.equal(name('https://up.test.'), 'up.test', 'without the dot (RFC 6066 §3)')
  t.equal(name('https://10.0.0.1', 'up.test.'), 'up.test')
  for (const address of ['https://127.0.0.1', 'https://[::1]:8443']) t.equal(name(address), '', 'an address is no name')
  t.end()
})

/** A certificate for a name, which is its own authority. */
function certificate(folder: string, name: string): { file: string; context: SecureContext } {
  const [key, file] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ')
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${name === '127.0.0.1' ? 'IP' : 'DNS'}:${name}`]
  execFileSync('openssl', [...args, '-keyout', key, '-out', file, ...subject], { stdio: 'ignore' })
  return { file, context: createSecureContext({ key: readFileSync(key), cert: readFileSync(file) }) }
}

/** An upstream with a certificate for each name, and one for its address; it keeps the names that clients send. */
async function startNamed(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-sni-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [up, evil, address] = ['up.test', 'evil.test', '127.0.0.1'].map((name) => certificate(folder, name))
  const names: string[] = []
  const hosts: string[] = []
  const server = createServer({
    key: readFileSync(join(folder, '127.0.0.1.key')),
    cert: readFileSync(address!.file),
    SNICallback: (name, done) => {
      names.push(name)
      done(null, name === 'evil.test' ? evil!.context : up!.context)
    },
  })
  let connections = 0
  server.on('secureConnection', (socket) => {
    connections++
    socket.on('error', () => {})
    socket.on('data', (head) => {
      hosts.push(/^host: (.*)\r$/im.exec(String(head))?.[1] ?? '')
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.1'] } })
  t.teardown(() => dns.close())
  const { port } = server.address() as AddressInfo
  return { port, names, hosts, up: up!, evil: evil!, address: address!, dns, connections: () => connections }
}

// apache/trafficserver#1344, Kong/kong#2129: the name sent and verified followed what the client said.
const HOSTILE = ['evil.test', 'evil.test.', '10.0.0.1', '[::1]', 'xn--a.test:99', 'localhost']

t.test('hostile Hosts', { skip: openssl ? false : 'NOT TESTED: openssl is not installed' }, async (t) => {
  const upstream = await startNamed(t)
  const { port, names, hosts, dns } = upstream
  const preserving = (ca: string, more: Record<string, unknown> = {}) => ({
    preserve_host: true,
    tls: { ca_file: ca, ...more },
    dns: { servers: [dns.address] },
  })
  const get = (api: string, host: string) => send(api, { headers: { Host: host } })

  for (const target of [`https://up.test:${port}`, `https://up.test.:${port}`]) {
    const before = upstream.connections()
    const gateway = await gatewayTo(t, target, { proxy: preserving(upstream.up.file) })
    names.length = 0
    hosts.length = 0
    for (const host of HOSTILE) t.equal((await get(gateway.api, host)).status, 200, `${target} for ${host}`)
    t.same(hosts, HOSTILE, 'the upstream has the Host of the client')
    t.same(names, ['up.test'], 'and the name of its target')
    t.equal(upstream.connections() - before, 1, 'one connection for all')
    for (let i = 0; i < 5; i++) await get(gateway.api, `bad-${i}.test`)
    t.equal((await get(gateway.api, 'good.test')).status, 200, 'the breaker is closed')
  }

  names.length = 0
  const byAddress = await gatewayTo(t, `https://127.0.0.1:${port}`, { proxy: preserving(upstream.address.file) })
  for (const host of HOSTILE) t.equal((await get(byAddress.api, host)).status, 200, `an address, for ${host}`)
  t.same(names, [], 'no name is sent')

  const wrong = await gatewayTo(t, `https://up.test:${port}`, { proxy: preserving(upstream.evil.file) })
  t.match((await get(wrong.api, 'evil.test')).json(), { status: 502, code: 'upstream_tls_failed' })

  names.length = 0
  const named = await gatewayTo(t, `https://127.0.0.1:${port}`, {
    proxy: preserving(upstream.up.file, { server_name: 'up.test' }),
  })
  for (const host of HOSTILE) t.equal((await get(named.api, host)).status, 200)
  t.same(names, ['up.test'], 'server_name')
})

t.test('server_name is a name', async (t) => {
  for (const server_name of ['', '10.0.0.1', '::1', 'a b', 'a..b', 'a:1', '-a', 'https://a'])
    await t.rejects(gatewayTo(t, 'https://127.0.0.1', { proxy: { tls: { server_name } } }), /server_name/, server_name)
  for (const server_name of ['a', 'a.test', 'a.test.', '_x.a-b.test'])
    t.ok(await gatewayTo(t, 'https://127.0.0.1', { proxy: { tls: { server_name } } }))
})
