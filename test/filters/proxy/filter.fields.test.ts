import { networkInterfaces } from 'node:os'
import t from 'tap'
import { defineFilter } from '../../../core/index.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send, sendRaw } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'
import { onHead, proxied, proxiedRaw } from './support.ts'

type Settings = Parameters<typeof proxied>[2]

/** Sends a request's bytes through the gateway; gives the head that the upstream received, and the answer's bytes. */
async function exchange(
  t: Parameters<typeof proxied>[0],
  lines: readonly string[],
  answer: readonly string[] = ['HTTP/1.1 200 OK', 'Content-Length: 0'],
  settings: Settings = {},
): Promise<{ head: string[]; answer: string[]; port: number }> {
  let received: string[] = []
  const { port } = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, (head) => {
        received = head.split('\r\n')
        socket.write(`${answer.join('\r\n')}\r\n\r\n`, 'latin1')
      }),
    settings,
  )
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const text = await sendRaw(port, bytes, (all) => all.includes('\r\n\r\n'))
  return { head: received, answer: text.split('\r\n'), port }
}

/** Values of a field, in order. */
const values = (lines: readonly string[], name: string): string[] =>
  lines
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(line.indexOf(':') + 1).trim())

t.test('what belongs to the client’s connection ends there', async (t) => {
  const { head } = await exchange(t, [
    'GET /api/x HTTP/1.1',
    'Host: weir',
    'Connection: keep-alive, X-Private, , x-other',
    'Connection: X-Third',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Trailer: X-Sum',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
    'X-Private: 1',
    'x-OTHER: 2',
    'X-Third: 3',
    'X-Kept: 4',
  ])
  for (const name of ['keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'http2-settings'])
    t.same(values(head, name), [], name)
  for (const name of ['x-private', 'x-other', 'x-third']) t.same(values(head, name), [], name)
  t.same(values(head, 'x-kept'), ['4'])
  t.notMatch(values(head, 'connection').join(), /x-/i)
})

t.test('what belongs to the upstream’s connection ends there', async (t) => {
  const { answer } = await exchange(
    t,
    ['GET /api/x HTTP/1.1', 'Host: weir'],
    [
      'HTTP/1.1 200 OK',
      'Content-Length: 0',
      'Connection: keep-alive, X-Private',
      'Keep-Alive: timeout=77',
      'Proxy-Connection: keep-alive',
      'Upgrade: h2c',
      'Trailer: X-Sum',
      'X-Private: 1',
      'X-Kept: 2',
    ],
  )
  for (const name of ['proxy-connection', 'upgrade', 'trailer', 'x-private']) t.same(values(answer, name), [], name)
  t.notMatch(values(answer, 'keep-alive').join(), '77', 'the gateway speaks for its own connection')
  t.notMatch(values(answer, 'connection').join(), /private/i)
  t.same(values(answer, 'x-kept'), ['2'])
})

t.test('what the upstream nominates is gone before filters set fields of the response', async (t) => {
  let seen: string | undefined = ''
  const security = defineFilter({
    name: 'security',
    apiVersion: 1,
    create: () => ({
      response({ response: { headers } }) {
        seen = headers.get('x-frame-options')
        headers.set('X-Frame-Options', 'DENY')
      },
    }),
  })
  const { answer } = await exchange(
    t,
    ['GET /api/x HTTP/1.1', 'Host: weir'],
    ['HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: X-Frame-Options, X-Request-Id', 'X-Frame-Options: ALLOW'],
    { filters: [security] },
  )
  t.equal(seen, undefined)
  t.same(values(answer, 'x-frame-options'), ['DENY'])
  t.equal(values(answer, 'x-request-id').length, 1)
})

t.test('framing, routing and credentials can’t be nominated away', async (t) => {
  let seen: Record<string, unknown> = {}
  const { api } = await proxied(t, (req, res) => {
    seen = req.headers
    res.writeHead(200, { Connection: 'close, set-cookie, content-length', 'Set-Cookie': 'a=1', 'Content-Length': 2 })
    res.end('ok')
  })
  const { headers, body } = await send(`${api}/x`, {
    method: 'POST',
    headers: {
      Connection: 'close, Host, Authorization, Content-Length, Content-Type, X-Forwarded-For, Via, Forwarded',
      Authorization: 'Basic eDp5',
      'Content-Type': 'text/plain',
      'Content-Length': '5',
    },
    body: 'hello',
  })
  t.match(seen, { authorization: 'Basic eDp5', 'content-length': '5', 'content-type': 'text/plain' })
  t.match(seen, { host: String, 'x-forwarded-for': '127.0.0.1', via: /^1\.1 weir-[0-9a-f]{8}$/, forwarded: String })
  t.same(headers['set-cookie'], ['a=1'])
  t.equal(headers['content-length'], '2')
  t.equal(body, 'ok')
})

/** Sets fields as an identity filter does, from what it knows. */
const identity = defineFilter({
  name: 'identity',
  apiVersion: 1,
  sets: () => [{ name: 'X-User' }],
  create: () => ({
    request({ request: { headers } }) {
      headers.add('X-User', 'alice')
      headers.add('X-Undeclared', 'kept')
    },
  }),
})

t.test('what a filter sets arrives, whatever the client nominates or sends (traefik/traefik#8319)', async (t) => {
  const { head } = await exchange(
    t,
    [
      'GET /api/x HTTP/1.1',
      'Host: weir',
      'Connection: close, X-User, X-Undeclared, Via, X-Request-Id, X-Forwarded-For, X-Real-IP, Forwarded, X-Private',
      'X-User: root',
      'x-USER: root',
      'X_User: root',
      'X-Private: 1',
    ],
    undefined,
    { filters: [identity] },
  )
  t.same(values(head, 'x-user'), ['alice'])
  t.same(values(head, 'x_user'), [])
  t.same(values(head, 'x-undeclared'), ['kept'])
  t.same(values(head, 'x-private'), [])
  t.match(values(head, 'via'), [/^1\.1 weir-[\da-f]{8}$/])
  for (const name of ['x-request-id', 'x-forwarded-for', 'x-real-ip', 'forwarded'])
    t.equal(values(head, name).length, 1, name)
})

t.test('a nominated Via or request id stays as the client sent it', async (t) => {
  const lines = ['GET /api/x HTTP/1.1', 'Host: weir', 'Via: 1.1 edge', 'X-Request-Id: abc', 'X-Trace-Me: def']
  const { head } = await exchange(t, [...lines, 'Connection: via, x-request-id, x-trace-me'])
  t.match(values(head, 'via'), ['1.1 edge', /^1\.1 weir-[\da-f]{8}$/])
  t.same(values(head, 'x-request-id'), ['abc'])
  t.same(values(head, 'x-trace-me'), [], 'another field goes')
  const own = await exchange(t, [...lines, 'Connection: x-trace-me'], undefined, {
    requestId: { header: 'X-Trace-Me' },
  })
  t.same(values(own.head, 'x-trace-me'), ['def'], 'unless the filter says that it is its own')
})

t.test('order, case and duplicates stay, both ways', async (t) => {
  const { head, answer } = await exchange(
    t,
    ['GET /api/x HTTP/1.1', 'Host: weir', 'x-B: 2', 'Cookie: a=1', 'X-a: 1', 'x-B: 3', 'COOKIE: b=2'],
    [
      'HTTP/1.1 200 Fine',
      'SET-Cookie: b=2',
      'x-one: 1',
      'Set-Cookie: a=1',
      'X-ONE: 2',
      'sET-cOOKIE: b=2',
      'Content-Length: 0',
    ],
  )
  const own = (lines: string[], pattern: RegExp): string[] => lines.filter((line) => pattern.test(line))
  t.same(own(head, /^(x-[ab]|cookie):/i), ['x-B: 2', 'Cookie: a=1', 'X-a: 1', 'x-B: 3', 'COOKIE: b=2'])
  t.same(own(answer, /^(set-cookie|x-one):/i), [
    'SET-Cookie: b=2',
    'x-one: 1',
    'Set-Cookie: a=1',
    'X-ONE: 2',
    'sET-cOOKIE: b=2',
  ])
  t.equal(answer[0], 'HTTP/1.1 200 Fine', 'the reason phrase too')
})

t.test('latin-1 survives both ways', async (t) => {
  const { head, answer } = await exchange(
    t,
    ['GET /api/x HTTP/1.1', 'Host: weir', 'X-Name: Zoë \xff'],
    ['HTTP/1.1 200 OK', 'X-Name: J\xfcrgen \xa0\xe9', 'Content-Length: 0'],
  )
  t.same(values(head, 'x-name'), ['Zoë \xff'])
  t.same(values(answer, 'x-name'), ['J\xfcrgen \xa0\xe9'])
})

// nodejs/node#58240, nodejs/undici#1903, apify/proxy-chain#546: Node re-encodes a field by its name.
t.test('no field is special: bytes from 0x80 up stay, in whatever field and order', async (t) => {
  const value = `attachment; filename="${Buffer.from('漏洞å.txt').toString('latin1')} \xe5\x80\xff"`
  const fields = ['Content-Disposition', 'content-dispositioN', 'Content-Type', 'Link', 'ETag', 'X-Any'].map(
    (name) => `${name}: ${value}`,
  )
  const names = new Set(fields.map((field) => field.slice(0, field.indexOf(':')).toLowerCase()))
  for (const lines of [
    ['Content-Length: 6', ...fields, '', 'ok'],
    [...fields, 'Content-Length: 6', '', 'ok'],
    ['Content-Length: 6', ...fields.toReversed(), '', 'ok'],
    ['Transfer-Encoding: chunked', ...fields, '', '2', 'ok', '0'],
  ])
    for (const method of ['GET', 'HEAD']) {
      const what = `${method}, ${lines[0]!.slice(0, 24)}`
      const sent = method === 'GET' ? lines : lines.slice(0, lines.indexOf(''))
      const { head, answer } = await exchange(
        t,
        [`${method} /api/x HTTP/1.1`, 'Host: weir', ...fields],
        ['HTTP/1.1 200 OK', ...sent],
      )
      t.equal(answer[0], 'HTTP/1.1 200 OK', what)
      for (const name of names) {
        const count = fields.filter((field) => field.toLowerCase().startsWith(`${name}:`)).length
        t.same(values(head, name), Array(count).fill(value), `${what}: ${name} to the upstream`)
        t.same(values(answer, name), Array(count).fill(value), `${what}: ${name} to the client`)
      }
    }
})

t.test('Via is appended, both ways', async (t) => {
  const { head, answer } = await exchange(
    t,
    ['GET /api/x HTTP/1.0', 'Host: weir', 'Via: 1.1 edge'],
    ['HTTP/1.1 200 OK', 'Via: 1.1 cache', 'Content-Length: 0'],
  )
  t.match(values(head, 'via'), ['1.1 edge', /^1\.0 weir-[0-9a-f]{8}$/])
  t.same(values(answer, 'via'), ['1.1 cache', '1.1 weir'])
})

const FORGED = [
  'X-Forwarded-For: 203.0.113.9',
  'X-Forwarded-For: 198.51.100.7',
  'X-Forwarded-Host: public.example',
  'X-Forwarded-Proto: https',
  'Forwarded: for=203.0.113.9;host=public.example;proto=https',
]

t.test('forwarding fields come from the connection (spring-cloud/spring-cloud-gateway#4267)', async (t) => {
  const { head } = await exchange(t, ['GET /api/x HTTP/1.1', 'Host: weir:80', ...FORGED])
  t.same(values(head, 'x-forwarded-for'), ['127.0.0.1'])
  t.same(values(head, 'x-forwarded-host'), ['weir:80'])
  t.same(values(head, 'x-forwarded-proto'), ['http'])
  t.same(values(head, 'forwarded'), ['for=127.0.0.1;host="weir:80";proto=http'])
  t.same(values(head, 'x-real-ip'), ['127.0.0.1'])
})

const ipv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

t.test('a client of IPv6', { skip: ipv6 ? false : 'NOT TESTED: no IPv6 loopback' }, async (t) => {
  let seen: Record<string, unknown> = {}
  const upstream = await startUpstream((req, res) => {
    seen = req.headers
    res.end()
  })
  t.teardown(() => upstream.close())
  const spec = specOf([{ name: 'api', url: upstream.url }], [['route-match', { prefix: '' }], 'proxy'])
  const { port, close } = await startGateway({
    ...spec,
    listeners: spec.listeners.map((one) => ({ ...one, host: '::1' })),
  })
  t.teardown(close)
  t.equal((await send(`http://[::1]:${port}/api`)).status, 200)
  t.match(seen, { 'x-forwarded-for': '::1', forwarded: `for="[::1]";host="[::1]:${port}";proto=http` })
})

t.test('behind a trusted proxy they are honoured and appended to', async (t) => {
  const { head } = await exchange(t, ['GET /api/x HTTP/1.1', 'Host: weir', ...FORGED], undefined, {
    trustedProxies: ['127.0.0.0/8'],
  })
  t.same(values(head, 'x-forwarded-for'), ['203.0.113.9, 198.51.100.7, 127.0.0.1'])
  t.same(values(head, 'x-forwarded-host'), ['public.example'])
  t.same(values(head, 'x-forwarded-proto'), ['https'])
  const [forwarded = ''] = values(head, 'forwarded')
  const shown = 'host=public.example;proto=https'
  t.equal(forwarded, `for=203.0.113.9;${shown}, for=198.51.100.7, for=127.0.0.1;${shown}`)
  t.same(values(head, 'x-real-ip'), ['198.51.100.7'], 'the client is the last that no trusted proxy is')
})

t.test('Host is the target’s, or the client’s with preserve_host', async (t) => {
  const rewritten: (string | undefined)[] = []
  const { api, upstream } = await proxied(t, (req, res) => {
    rewritten.push(req.headers.host)
    res.end()
  })
  await send(`${api}/x`, { headers: { Host: 'public.example' } })
  t.same(rewritten, [`127.0.0.1:${upstream.port}`])
  const { head } = await exchange(t, ['GET /api/x HTTP/1.1', 'Host: public.example'], undefined, {
    proxy: { preserve_host: true },
  })
  t.same(values(head, 'host'), ['public.example'])
})

t.test('path and query go on byte for byte', async (t) => {
  const paths: string[] = []
  const { port } = await proxied(t, (req, res) => {
    paths.push(req.url ?? '')
    res.end()
  })
  const odd = ["/a%2Fb/%c3%A9//c;p=1,2/~!$&'()*+:@%20", '/', '//', '/x?', '/x?a=1&a=2&b=%41+%2b&c[]=?/:@']
  for (const path of odd) {
    const answer = await sendRaw(port, `GET /api${path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n`)
    t.match(answer, /^HTTP\/1.1 200 /, path)
  }
  t.same(paths, odd)
})
