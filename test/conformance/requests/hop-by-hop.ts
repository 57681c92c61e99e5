import { type Case, CHUNKED, type Group, get, HELLO, HOST, head, passed, post, refused, shown } from '../case.ts'

const SOURCE = 'RFC 9110 §7.6.1'

const nominated: Case[] = (
  [
    ['one', ['Connection: x-a', 'X-A: 1']],
    ['in another case', ['Connection: X-a', 'x-A: 1']],
    ['in a list', ['Connection: keep-alive, x-b, x-a', 'X-A: 1']],
    ['on the second line', ['Connection: x-b', 'Connection: x-a', 'X-A: 1']],
    ['before Connection', ['X-A: 1', 'Connection: x-a']],
    ['twice', ['X-A: 1', 'Connection: x-a', 'X-A: 2']],
    ['among empty elements', ['Connection: ,, x-a ,', 'X-A: 1']],
    ['with white space', ['Connection: \t x-a \t,x-b', 'X-A: 1']],
    ['that is not there', ['Connection: x-b']],
    ['behind Upgrade', ['Connection: upgrade, x-a', 'X-A: 1']],
  ] as const
).map(([name, lines]) => ({
  name: `what Connection names is removed: ${name}`,
  source: SOURCE,
  level: 'MUST',
  send: get(...lines),
  expect: passed({ lacks: ['x-a'], lacksValue: { connection: 'x-' } }),
}))

const known: Case[] = [
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'TE: trailers',
  'TE: gzip;q=0.5, trailers',
  'Upgrade: h2c',
  'Upgrade: foo/1',
].map((line) => {
  const name = line.slice(0, line.indexOf(':')).toLowerCase()
  return {
    name: `removed though not named: ${line}`,
    source: SOURCE,
    level: 'SHOULD',
    send: get(line),
    // A gateway may ask for trailers itself.
    expect: name === 'te' ? passed({ lacksValue: { te: 'gzip' } }) : passed({ lacks: [name] }),
  }
})

const TRACE = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`

/** Named so that what security needs is gone when it reaches the upstream. */
const protectedFields: Case[] = (
  [
    ['Host', 'Host: a.test', /./],
    ['Authorization', 'Authorization: Basic eA==', 'Basic eA=='],
    ['X-Forwarded-For', 'X: y', /127\.0\.0\.1/],
    ['X-Forwarded-Host', 'X: y', /./],
    ['X-Forwarded-Proto', 'X: y', /./],
    ['Forwarded', 'X: y', /for=/],
    ['Via', 'Via: 1.0 fred', /^1\.0 fred, ?1\.1 /],
    ['Cookie', 'Cookie: a=b', 'a=b'],
    ['Content-Type', 'Content-Type: a/b', 'a/b'],
    ['Cache-Control', 'Cache-Control: no-store', 'no-store'],
    ['X-Request-Id', 'X-Request-Id: abc', 'abc'],
    ['Traceparent', `Traceparent: ${TRACE}`, TRACE],
    ['Tracestate', 'Tracestate: a=b', 'a=b'],
    ['Baggage', 'Baggage: a=b', 'a=b'],
    ['B3', 'B3: 0', '0'],
  ] as const
).map(([name, line, value]) => ({
  name: `Connection: ${name} strips nothing that matters`,
  source: 'RFC 9110 §7.6.1 (no such option may be sent), CVE-2022-31813',
  level: 'defence',
  send: head('GET /@0/x HTTP/1.1', ...(name === 'Host' ? [] : [HOST]), line, `Connection: close, ${name}`),
  expect: [refused(), { status: 200, upstream: [{ target: '/@0/x', has: { [name.toLowerCase()]: value } }] }],
}))

const framing: Case[] = [
  {
    name: 'Connection: Content-Length leaves the framing alone',
    source: 'RFC 9110 §7.6.1, RFC 9112 §6.3',
    level: 'MUST',
    send: post(['Connection: content-length', 'Content-Length: 5'], 'hello'),
    expect: [refused(), passed({ body: 'hello' })],
  },
  {
    name: 'Connection: Transfer-Encoding leaves the framing alone',
    source: 'RFC 9110 §7.6.1, RFC 9112 §6.3',
    level: 'MUST',
    send: post(['Connection: transfer-encoding', CHUNKED], HELLO),
    expect: [refused(), passed({ body: 'hello' })],
  },
  {
    name: 'Transfer-Encoding belongs to one connection: the body arrives whole',
    source: 'RFC 9112 §6.1',
    level: 'MUST',
    send: post([CHUNKED, 'TE: trailers', 'Connection: TE'], HELLO),
    expect: passed({ body: 'hello' }),
  },
  {
    name: 'Trailer without trailers',
    source: 'RFC 9110 §6.6.2',
    level: 'MUST',
    send: post(['Trailer: X-T', CHUNKED], HELLO),
    expect: passed({ body: 'hello' }),
  },
]

const closing: Case[] = ['close', 'Close', 'CLOSE', 'close, x-a', 'x-a, close', 'keep-alive, close', 'close,'].map(
  (value) => ({
    name: `Connection: ${shown(value)} closes it behind the answer`,
    source: 'RFC 9112 §9.6',
    level: 'MUST',
    send: get(`Connection: ${value}`),
    expect: { status: 200, connection: 'closed', upstream: [{ target: '/@0/x' }] },
  }),
)

const staying: Case[] = [
  {
    name: 'no Connection: HTTP/1.1 stays',
    source: 'RFC 9112 §9.3',
    level: 'SHOULD',
    send: get(),
    expect: passed(),
  },
  {
    name: 'Connection: "close" in quotes is no close',
    source: 'RFC 9110 §7.6.1',
    level: 'defence',
    send: get('Connection: "close"'),
    expect: [refused(), { status: 200, upstream: [{ target: '/@0/x' }] }],
  },
  {
    name: 'Proxy-Connection: close goes no further',
    source: 'RFC 9112 C.2.2',
    level: 'SHOULD',
    send: get('Proxy-Connection: close'),
    expect: { status: 200, upstream: [{ target: '/@0/x', lacks: ['proxy-connection'] }] },
  },
  {
    name: 'the client’s close does not reach the upstream as a field of its own',
    source: SOURCE,
    level: 'MUST',
    send: get('Connection: close, x-a', 'X-A: 1'),
    expect: { status: 200, upstream: [{ target: '/@0/x', lacks: ['x-a'], lacksValue: { connection: 'x-a' } }] },
  },
]

export const hopByHop: Group = {
  name: 'hop-by-hop',
  cases: [...nominated, ...known, ...protectedFields, ...framing, ...closing, ...staying],
}
