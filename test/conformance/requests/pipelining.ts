import { type Case, CHUNKED, type Expect, type Group, get, HELLO, HOST, head, post, type Seen } from '../case.ts'

const to = (path: string, ...fields: string[]): string => head(`GET /@0/${path} HTTP/1.1`, HOST, ...fields)
const seen = (...paths: string[]): Seen[] => paths.map((path) => ({ target: `/@0/${path}` }))
const answered = (upstream: readonly Seen[], rest: Partial<Expect> = {}): Expect => ({
  status: 200,
  statuses: upstream.map(() => 200),
  connection: 'kept',
  upstream,
  ...rest,
})

const cases: Case[] = [
  {
    name: 'two requests',
    source: 'RFC 9112 §9.3.2',
    level: 'MUST',
    send: to('1') + to('2'),
    expect: answered(seen('1', '2'), { body: 'ok GET /@0/2' }),
  },
  {
    name: 'ten requests',
    source: 'RFC 9112 §9.3.2',
    level: 'MUST',
    send: Array.from({ length: 10 }, (_, n) => to(String(n))).join(''),
    expect: answered(seen(...Array.from({ length: 10 }, (_, n) => String(n))), { body: 'ok GET /@0/9' }),
  },
  {
    name: 'the second in two pieces',
    source: 'RFC 9112 §9.3.2',
    level: 'MUST',
    send: [to('1') + to('2').slice(0, 9), { pause: 30 }, to('2').slice(9)],
    expect: answered(seen('1', '2'), { body: 'ok GET /@0/2' }),
  },
  {
    name: 'a body by length, then a request',
    source: 'RFC 9112 §9.3.2',
    level: 'MUST',
    send: post(['Content-Length: 5'], 'hello') + to('2'),
    expect: answered([{ target: '/@0/x', body: 'hello' }, { target: '/@0/2' }]),
  },
  {
    name: 'a chunked body, then a request',
    source: 'RFC 9112 §9.3.2',
    level: 'MUST',
    send: post([CHUNKED], HELLO) + to('2'),
    expect: answered([{ target: '/@0/x', body: 'hello' }, { target: '/@0/2' }]),
  },
  {
    name: 'trailers, then a request',
    source: 'RFC 9112 §7.1.2',
    level: 'MUST',
    send: `${post([CHUNKED], '5\r\nhello\r\n0\r\nX: y\r\n\r\n')}${to('2')}`,
    expect: answered([
      { target: '/@0/x', body: 'hello', lacks: ['x'] },
      { target: '/@0/2', lacks: ['x'] },
    ]),
  },
  {
    name: 'two bodies',
    source: 'RFC 9112 §9.3.2',
    level: 'MUST',
    send: post(['Content-Length: 1'], 'a') + post([CHUNKED], '1\r\nb\r\n0\r\n\r\n') + post(['Content-Length: 1'], 'c'),
    expect: answered([{ body: 'a' }, { body: 'b' }, { body: 'c' }]),
  },
  {
    name: 'HEAD, then GET: the length of nothing is no body',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: head('HEAD /@0/1 HTTP/1.1', HOST) + to('2'),
    expect: answered(
      [
        { method: 'HEAD', target: '/@0/1' },
        { method: 'GET', target: '/@0/2' },
      ],
      { body: 'ok GET /@0/2' },
    ),
  },
  {
    name: 'an empty line between two',
    source: 'RFC 9112 §2.2',
    level: 'SHOULD',
    send: `${post(['Content-Length: 5'], 'hello')}\r\n${to('2')}`,
    expect: answered([{ target: '/@0/x', body: 'hello' }, { target: '/@0/2' }]),
  },
  {
    name: 'nothing behind Connection: close is served',
    source: 'RFC 9112 §9.6',
    level: 'MUST',
    send: to('1', 'Connection: close') + to('2'),
    expect: { status: 200, statuses: [200], connection: 'closed', upstream: seen('1') },
  },
  {
    name: 'nothing behind HTTP/1.0 is served',
    source: 'RFC 9112 §9.3',
    level: 'MUST',
    send: head('GET /@0/1 HTTP/1.0', HOST) + to('2'),
    expect: { status: 200, statuses: [200], connection: 'closed', upstream: seen('1') },
  },
  {
    name: 'what keeps coming behind Connection: close does not cost the answer',
    source: 'RFC 9112 §9.6',
    level: 'MUST',
    send: [`${to('1', 'Connection: close')}PO`, { pause: 1 }, 'ST /', { pause: 1 }, '@0/', { pause: 1 }, 'x'],
    expect: { status: 200, statuses: [200], connection: 'closed', upstream: seen('1') },
  },
  ...[
    ['Connection: keep-alive, close'],
    ['Connection: close', 'Connection: keep-alive'],
    ['Proxy-Connection: keep-alive'],
  ].map(
    (lines): Case => ({
      name: `HTTP/1.0 is the last with ${lines.join(' and ')}`,
      source: 'RFC 9112 §9.3, §9.6',
      level: 'MUST',
      send: head('GET /@0/1 HTTP/1.0', HOST, ...lines) + to('2'),
      expect: { status: 200, statuses: [200], connection: 'closed', upstream: seen('1') },
    }),
  ),
  {
    name: 'nothing behind a refusal that ends the connection is served',
    source: 'RFC 9112 §9.6',
    level: 'MUST',
    send: `${head('POST /nowhere HTTP/1.1', HOST, CHUNKED)}${HELLO}${to('2')}`,
    expect: [
      { status: 404, statuses: [404], connection: 'closed', upstream: [] },
      { status: 404, statuses: [404, 200], connection: 'kept', upstream: seen('2') },
    ],
  },
  {
    name: 'no handshake behind a refusal that ends the connection is served',
    source: 'RFC 9112 §9.6',
    level: 'MUST',
    send: `${head('POST /nowhere HTTP/1.1', HOST, CHUNKED)}${HELLO}${to('2', 'Upgrade: websocket', 'Connection: upgrade')}`,
    expect: [
      { status: 404, statuses: [404], connection: 'closed', upstream: [] },
      { status: 404, statuses: [404, 200], upstream: seen('2') },
    ],
  },
  {
    name: 'nothing behind a refusal with more of a body than is drained is served',
    source: 'RFC 9112 §9.6',
    level: 'MUST',
    send: `${head('POST /nowhere HTTP/1.1', HOST, 'Content-Length: 100000')}${'x'.repeat(100_000)}${to('2')}`,
    expect: [
      { status: 404, statuses: [404], connection: 'closed', upstream: [] },
      { status: 404, statuses: [404, 200], connection: 'kept', upstream: seen('2') },
    ],
  },
  {
    name: 'a bad request behind a good one',
    source: 'RFC 9112 §2.2',
    level: 'SHOULD',
    send: `${to('1')}BAD\r\n\r\n`,
    expect: { status: 200, statuses: [200, 400], connection: 'closed', upstream: seen('1') },
  },
  {
    name: 'a bad request behind a good one does no harm to the first',
    source: 'RFC 9112 §9.3.2',
    level: 'MUST',
    send: `${to('1')}BAD\r\n\r\n`,
    expect: [
      { status: 200, statuses: [200, 400], connection: 'closed', upstream: seen('1') },
      { status: 200, statuses: [200], connection: 'closed', upstream: seen('1') },
    ],
  },
  {
    name: 'a good request behind a bad one is not served',
    source: 'RFC 9112 §9.6',
    level: 'MUST',
    send: `BAD\r\n\r\n${to('2')}`,
    expect: { status: 400, statuses: [400], connection: 'closed', upstream: [] },
  },
  {
    name: 'a request behind an ambiguous length is not served',
    source: 'RFC 9112 §6.1, §6.3',
    level: 'MUST',
    send: post(['Content-Length: 5', CHUNKED], HELLO) + to('2'),
    expect: [
      { status: 400, statuses: [400], connection: 'closed', upstream: [] },
      { status: 200, statuses: [200], connection: 'closed', upstream: [{ target: '/@0/x', body: 'hello' }] },
    ],
  },
  {
    name: 'a request behind a length that was too short is garbage',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: post(['Content-Length: 3'], 'hello') + to('2'),
    expect: [
      { status: 200, statuses: [200, 400], connection: 'closed', upstream: [{ target: '/@0/x', body: 'hel' }] },
      { status: 200, statuses: [200, 405], upstream: [{ target: '/@0/x', body: 'hel' }] },
      { status: 200, statuses: [200, 501], upstream: [{ target: '/@0/x', body: 'hel' }] },
      { status: 200, statuses: [200], connection: 'closed', upstream: [{ target: '/@0/x', body: 'hel' }] },
      { status: 200, statuses: [200, 200], upstream: [{ target: '/@0/x', body: 'hel' }, { method: 'loGET' }] },
    ],
  },
  {
    name: 'two that are refused',
    source: 'RFC 9112 §9.3.2',
    level: 'SHOULD',
    send: head('GET /nowhere HTTP/1.1', HOST) + head('GET /nowhere/2 HTTP/1.1', HOST),
    expect: { status: 404, statuses: [404, 404], connection: 'kept', upstream: [] },
  },
  {
    name: 'one that is refused with a body, then one that is not',
    source: 'RFC 9112 §9.3',
    level: 'SHOULD',
    send: `${head('POST /nowhere HTTP/1.1', HOST, 'Content-Length: 5')}hello${to('2')}`,
    expect: [
      { status: 404, statuses: [404, 200], connection: 'kept', upstream: seen('2') },
      { status: 404, statuses: [404], connection: 'closed', upstream: [] },
    ],
  },
  {
    name: 'the client ends behind two requests: they are answered, or forgotten',
    source: 'RFC 9112 §9.6',
    level: 'SHOULD',
    send: [to('1') + to('2'), 'END'],
    expect: [
      { status: 200, statuses: [200, 200], connection: 'closed', upstream: seen('1', '2') },
      { status: 200, statuses: [200], connection: 'closed' },
      { status: 'none', connection: 'closed' },
    ],
  },
  {
    name: 'two, one after the other',
    source: 'RFC 9112 §9.3',
    level: 'SHOULD',
    send: [get(), { until: 'ok GET' }, to('2')],
    expect: answered(seen('x', '2')),
  },
]

export const pipelining: Group = { name: 'pipelining', cases }
