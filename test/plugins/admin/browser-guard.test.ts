// Real sockets and raw bytes: browsers send what no client library lets a test say.
import t, { type Test } from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { sendRaw } from '../../support/client.ts'

/** Sends a request with these lines below its request line; gives the response. */
async function setUp(t: Test, admin = '') {
  const gateway = await startGateway(`admin: { ${admin} }\ntrusted_proxies: [127.0.0.1]\nendpoints: []`)
  t.teardown(() => gateway.close())
  const port = Number(new URL(gateway.adminUrl!).port)
  return {
    port,
    ask: async (line: string, ...fields: string[]) => {
      const text = await sendRaw(port, `${[`${line} HTTP/1.1`, 'Connection: close', ...fields].join('\r\n')}\r\n\r\n`)
      return { status: Number(text.slice(9, 12)), text }
    },
  }
}

t.test('a name that points at it does not open it (DNS rebinding)', async (t) => {
  const { port, ask } = await setUp(t)
  for (const host of [
    'evil.test',
    `evil.test:${port}`,
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    'xlocalhost',
    '1.2.3',
    '.',
  ])
    for (const line of ['GET /config/status', 'GET /livez', 'POST /config/reload', 'GET /nope'])
      t.equal((await ask(line, `Host: ${host}`)).status, 421, `${line} of ${host}`)
  const { text } = await ask('GET /metrics', `Host: evil.test:${port}`)
  t.match(text, /"code":"host_not_allowed"/)
  t.match(text, /the host \\"evil\.test\\"\. Add it to admin\.allowed_hosts, or name an IP address or localhost/)
  t.equal(
    (await ask('GET http://evil.test/livez', 'Host: localhost')).status,
    421,
    'the authority of the target counts',
  )
  t.equal(
    (await ask('GET /livez', 'Host: evil.test', 'X-Forwarded-Host: localhost')).status,
    421,
    'a page can send X-Forwarded-Host from a trusted address',
  )
})

t.test('loopback names and addresses open it, with any port or none (caddyserver/caddy#7587)', async (t) => {
  const { port, ask } = await setUp(t, 'allowed_hosts: [localhost]')
  const hosts = [
    'localhost',
    `localhost:${port}`,
    'LOCALHOST:1',
    'localhost.',
    '127.0.0.1',
    '[::1]',
    `[::1]:${port}`,
    '',
  ]
  for (const host of hosts) t.equal((await ask('GET /livez', `Host: ${host}`)).status, 200, host)
})

t.test(
  'an address that is not its own opens it: that of a pod, a published port (caddyserver/caddy-docker#71)',
  async (t) => {
    const { ask } = await setUp(t)
    for (const host of ['10.42.0.17:8001', '192.0.2.1', '[2001:db8::7]:8001'])
      t.equal((await ask('GET /readyz', `Host: ${host}`)).status, 200, host)
  },
)

t.test('a probe of HTTP/1.0 names no host', async (t) => {
  const { port } = await setUp(t)
  t.match(await sendRaw(port, 'GET /livez HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

t.test('allowed_hosts adds names', async (t) => {
  const { ask } = await setUp(t, 'allowed_hosts: [Admin.Example.com, "*.int.example.com", "[::1]"]')
  for (const host of [
    'admin.example.com',
    'ADMIN.example.com.:8001',
    'a.int.example.com',
    'a.b.int.example.com',
    'localhost',
  ])
    t.equal((await ask('GET /livez', `Host: ${host}`)).status, 200, host)
  for (const host of ['int.example.com', '.int.example.com', 'example.com', 'xadmin.example.com', 'aint.example.com'])
    t.equal((await ask('GET /livez', `Host: ${host}`)).status, 421, host)
})

t.test('the name that it listens on is one of them', async (t) => {
  const { ask } = await setUp(t, 'listen: "localhost:0", allowed_hosts: [a.test]')
  t.equal((await ask('GET /livez', 'Host: a.test')).status, 200)
  t.equal((await ask('GET /livez', 'Host: localhost')).status, 200)
})

t.test('a page of another origin changes nothing', async (t) => {
  const { port, ask } = await setUp(t)
  const post = (...fields: string[]) =>
    ask('POST /config/reload', `Host: localhost:${port}`, 'Content-Length: 0', ...fields)
  const foreign = [
    ['Origin: https://evil.test'],
    ['Origin: null'],
    ['Origin: '],
    [`Origin: http://127.0.0.1:${port}`], // another origin than localhost
    ['Origin: http://localhost:3000'],
    ['Origin: http://localhost'],
    [`Origin: http://localhost:${port}/`],
    [`Origin: http://localhost:${port}`, 'Origin: https://evil.test'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
    [`Origin: http://localhost:${port}`, 'Sec-Fetch-Site: cross-site'],
    ['Origin: https://evil.test', 'Sec-Fetch-Site: same-origin'],
  ]
  for (const fields of foreign) {
    const { status, text } = await post(...fields)
    t.equal(status, 403, fields.join())
    t.match(text, /"code":"cross_site"/)
  }
  const own = [
    [], // no browser (caddymanager/caddymanager#84)
    [`Origin: http://localhost:${port}`],
    [`Origin: https://localhost:${port}`],
    [`Origin: http://localhost:${port}`, 'Sec-Fetch-Site: same-origin'],
    ['Sec-Fetch-Site: none'],
  ]
  for (const fields of own) t.equal((await post(...fields)).status, 200, fields.join())
  t.equal(
    (await ask('GET /livez', 'Host: localhost', 'Origin: https://evil.test')).status,
    200,
    'reading is not a change',
  )
})

t.test('an origin names no default port', async (t) => {
  const { ask } = await setUp(t, 'allowed_hosts: [admin.test]')
  const post = (host: string, origin: string) =>
    ask('POST /config/reload', `Host: ${host}`, 'Content-Length: 0', `Origin: ${origin}`)
  t.equal((await post('admin.test', 'https://admin.test')).status, 200)
  t.equal((await post('admin.test:443', 'https://admin.test')).status, 200)
  t.equal((await post('admin.test:80', 'http://admin.test')).status, 200)
  t.equal((await post('admin.test:8443', 'https://admin.test')).status, 403)
})
