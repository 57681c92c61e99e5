import { type Case, type Group, get, HOST, head, passed, refused } from '../case.ts'

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const SOCKET = ['Upgrade: websocket', 'Connection: Upgrade', KEY, 'Sec-WebSocket-Version: 13']
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const others: Case[] = (
  [
    ['h2c', ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'Connection: Upgrade, HTTP2-Settings']],
    ['h2c without naming it', ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'Connection: Upgrade']],
    ['h2c without Connection', ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']],
    ['h2c in capitals', ['Upgrade: H2C', 'HTTP2-Settings: AAMAAABkAAQAAP__', 'Connection: upgrade, http2-settings']],
    ['TLS/1.0', ['Upgrade: TLS/1.0', 'Connection: Upgrade']],
    ['something of its own', ['Upgrade: foo/1', 'Connection: Upgrade']],
    ['nothing', ['Upgrade:', 'Connection: Upgrade']],
  ] as const
).map(([name, lines]) => ({
  name: `an offer of ${name} is ignored`,
  source: 'RFC 9110 §7.8, RFC 9113 §3.1: h2c is obsolete and a way around proxies',
  level: 'defence',
  send: get(...lines),
  expect: passed({ lacksValue: { upgrade: 'h2c', connection: 'ettings' }, lacks: ['http2-settings'] }),
}))

const handshake: Case[] = [
  {
    name: 'of a list, what is allowed is offered to the upstream',
    source: 'RFC 6455 §4.2.1, RFC 9110 §7.8',
    level: 'SHOULD',
    send: [get('Upgrade: h2c, websocket', ...SOCKET.slice(1)), { until: 'hi' }],
    answer: [SWITCH, { pause: 20 }, 'hi'],
    expect: { status: 101, tunnel: 'hi', upstream: [{ target: '/@0/x', has: { upgrade: /^websocket$/i } }] },
    only: 'weir',
  },
  {
    name: 'a WebSocket is opened, and bytes pass',
    source: 'RFC 6455 §4, RFC 9110 §7.8',
    level: 'MUST',
    send: [get(...SOCKET), { until: 'hi' }],
    answer: [SWITCH, { pause: 20 }, 'hi'],
    expect: {
      status: 101,
      tunnel: 'hi',
      has: { upgrade: /^websocket$/i, connection: /^upgrade$/i, 'sec-websocket-accept': ACCEPT },
      upstream: [
        {
          target: '/@0/x',
          has: {
            upgrade: /^websocket$/i,
            connection: /upgrade/i,
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
            'sec-websocket-version': '13',
          },
        },
      ],
    },
  },
  {
    name: 'what the upstream sends with its 101 is not lost',
    source: 'RFC 6455 §4.2.2',
    level: 'MUST',
    send: [get(...SOCKET), { until: 'hi' }],
    answer: `${SWITCH}hi`,
    expect: { status: 101, tunnel: 'hi' },
  },
  {
    name: 'names in another case',
    source: 'RFC 6455 §4.2.1: compared without case',
    level: 'MUST',
    send: [
      get('upgrade: WebSocket', 'connection: keep-alive, UPGRADE', KEY, 'Sec-WebSocket-Version: 13'),
      { until: 'hi' },
    ],
    answer: `${SWITCH}hi`,
    expect: { status: 101, tunnel: 'hi' },
  },
  {
    name: 'extensions and protocols are agreed on by the ends',
    source: 'RFC 6455 §9.1',
    level: 'MUST',
    send: [
      get(...SOCKET, 'Sec-WebSocket-Protocol: a, b', 'Sec-WebSocket-Extensions: permessage-deflate'),
      { until: 'hi' },
    ],
    answer: `${SWITCH.slice(0, -2)}Sec-WebSocket-Protocol: b\r\n\r\nhi`,
    expect: {
      status: 101,
      tunnel: 'hi',
      has: { 'sec-websocket-protocol': 'b' },
      upstream: [{ has: { 'sec-websocket-protocol': 'a, b', 'sec-websocket-extensions': 'permessage-deflate' } }],
    },
  },
  {
    name: 'the upstream refuses',
    source: 'RFC 6455 §4.2.2',
    level: 'MUST',
    send: get(...SOCKET),
    answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    expect: { status: 403, body: 'no', lacks: ['sec-websocket-accept'], upstream: [{ target: '/@0/x' }] },
  },
  {
    name: 'the upstream wants another version',
    source: 'RFC 6455 §4.4',
    level: 'MUST',
    send: get('Upgrade: websocket', 'Connection: Upgrade', KEY, 'Sec-WebSocket-Version: 9'),
    answer: 'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n',
    expect: [{ status: 426, has: { 'sec-websocket-version': '13' } }, refused(400)],
  },
  {
    name: 'the upstream ignores it',
    source: 'RFC 9110 §7.8',
    level: 'MUST',
    send: get(...SOCKET),
    answer: OK,
    expect: { status: 200, body: 'ok', upstream: [{ target: '/@0/x' }] },
  },
  {
    name: 'refused, what follows is no tunnel',
    source: 'RFC 9110 §7.8; smuggling by WebSocket',
    level: 'defence',
    send: `${get(...SOCKET)}GET /secret HTTP/1.1\r\nHost: a.test\r\n\r\n`,
    answer: 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n',
    expect: [
      { status: 426, statuses: [426], connection: 'closed', upstream: [{ target: '/@0/x' }] },
      { status: 426, statuses: [426, 404], upstream: [{ target: '/@0/x' }] },
    ],
  },
  {
    name: 'a 101 to something else that was asked for',
    source: 'RFC 9110 §7.8: no protocol that was not offered',
    level: 'MUST',
    send: get(...SOCKET),
    answer: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n',
    expect: { status: 502 },
  },
  {
    name: 'a 101 without Upgrade',
    source: 'RFC 9110 §15.2.2',
    level: 'MUST',
    send: get(...SOCKET),
    answer: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n',
    expect: { status: 502 },
  },
  {
    name: 'a 101 that names other fields in Connection',
    source: 'RFC 9110 §7.6.1',
    level: 'MUST',
    send: [get(...SOCKET), { until: 'hi' }],
    answer: `${SWITCH.replace('Connection: Upgrade', 'Connection: Upgrade, X-A\r\nX-A: 1')}hi`,
    expect: { status: 101, tunnel: 'hi', lacks: ['x-a'] },
  },
]

const none: Case[] = (
  [
    ['without Connection', get('Upgrade: websocket', KEY)],
    ['with Connection that does not name it', get('Upgrade: websocket', 'Connection: keep-alive', KEY)],
    ['in HTTP/1.0', head('GET /@0/x HTTP/1.0', HOST, ...SOCKET)],
  ] as const
).map(([name, send]) => ({
  name: `no handshake, ${name}`,
  source: 'RFC 9110 §7.8',
  level: 'MUST',
  send,
  expect: [
    { status: 200, upstream: [{ target: '/@0/x', lacks: ['upgrade'], lacksValue: { connection: 'pgrade' } }] },
    refused(),
  ],
}))

const strange: Case[] = [
  {
    name: 'a handshake by POST',
    source: 'RFC 6455 §4.1: the method must be GET',
    level: 'defence',
    send: `${head('POST /@0/x HTTP/1.1', HOST, ...SOCKET, 'Content-Length: 5')}hello`,
    expect: [refused(), { status: 200, upstream: [{ target: '/@0/x', method: 'POST', body: 'hello' }] }],
  },
  {
    name: 'a handshake with a body',
    source: 'RFC 9110 §7.8: the request is read whole before the switch',
    level: 'defence',
    send: `${get(...SOCKET, 'Content-Length: 5')}hello`,
    expect: [refused(), { status: 200, upstream: [{ target: '/@0/x', body: 'hello' }] }],
  },
  {
    name: 'a handshake to where no route is',
    source: 'RFC 9110 §7.8',
    level: 'MUST',
    send: head('GET /nowhere HTTP/1.1', HOST, ...SOCKET),
    expect: refused(404),
  },
]

export const upgrade: Group = { name: 'upgrade', cases: [...others, ...handshake, ...none, ...strange] }
