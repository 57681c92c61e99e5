import { type Case, type Expect, type Group, get, HOST, head, passed, refused, shown } from '../case.ts'

const line = (start: string): string => head(start, HOST)
const either = (): readonly Expect[] => [refused(), passed({ target: '/@0/x', version: 'HTTP/1.1' })]

const versions: Case[] = [
  'http/1.1',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/3.0',
  'HTTP/2',
  'HTTP/1',
  'HTTP/1.',
  'HTTP/.1',
  'HTTP/1.1.1',
  'HTTP/01.1',
  'HTTP/1.10',
  'HTTP/1,1',
  'HTTP/+1.1',
  'HTTP/-1.1',
  'HTTP/1.x',
  'HTTP /1.1',
  'HTTP\\1.1',
  'HTP/1.1',
  'HTTPS/1.1',
  'ICE/1.0',
  'RTSP/1.0',
  'HTTP/1.1x',
  'HTTP/9.1',
].map((version) => ({
  name: `version ${shown(version)}`,
  source: 'RFC 9112 §2.2, §2.3',
  level: 'SHOULD',
  send: line(`GET /@0/x ${version}`),
  expect: refused(400, 426, 501, 505),
}))

const others: Case[] = [
  {
    name: 'HTTP/1.2 is understood as HTTP/1.1',
    source: 'RFC 9110 §2.5',
    level: 'SHOULD',
    send: line('GET /@0/x HTTP/1.2'),
    expect: [passed({ version: 'HTTP/1.1' }), refused(505)],
  },
  {
    name: 'no version, as in HTTP/0.9',
    source: 'RFC 9112 §3',
    level: 'SHOULD',
    send: line('GET /@0/x'),
    expect: refused(400, 505),
  },
  {
    name: 'HTTP/1.0 goes on as HTTP/1.1',
    source: 'RFC 9110 §2.5',
    level: 'MUST',
    send: line('GET /@0/x HTTP/1.0'),
    expect: { status: 200, connection: 'closed', upstream: [{ target: '/@0/x', version: 'HTTP/1.1' }] },
  },
  {
    name: 'HTTP/1.0 without Host',
    source: 'RFC 9112 §3.2',
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.0'),
    expect: { status: 200, connection: 'closed', upstream: [{ target: '/@0/x' }] },
  },
  {
    name: 'HTTP/1.0 that asks to be kept',
    source: 'RFC 9112 §9.3, C.2.2',
    level: 'SHOULD',
    send: head('GET /@0/x HTTP/1.0', HOST, 'Connection: keep-alive'),
    expect: [
      passed({}, { has: { connection: /keep-alive/i } }),
      { status: 200, connection: 'closed', upstream: [{ target: '/@0/x' }] },
    ],
  },
  {
    name: 'an empty line before the request',
    source: 'RFC 9112 §2.2',
    level: 'SHOULD',
    send: `\r\n${get()}`,
    expect: passed(),
  },
  {
    name: 'two empty lines before the request',
    source: 'RFC 9112 §2.2',
    level: 'defence',
    send: `\r\n\r\n${get()}`,
    expect: either(),
  },
  { name: 'LF before the request', source: 'RFC 9112 §2.2', level: 'defence', send: `\n${get()}`, expect: either() },
  {
    name: 'LF for every CRLF',
    source: 'RFC 9112 §2.2',
    level: 'defence',
    send: get().replaceAll('\r', ''),
    expect: either(),
  },
  {
    name: 'LF behind the request line',
    source: 'RFC 9112 §2.2',
    level: 'defence',
    send: `GET /@0/x HTTP/1.1\n${HOST}\r\n\r\n`,
    expect: either(),
  },
  {
    name: 'CR behind the request line',
    source: 'RFC 9112 §2.2',
    level: 'MUST',
    send: `GET /@0/x HTTP/1.1\r${HOST}\r\n\r\n`,
    expect: refused(),
  },
  {
    name: 'CR at the end of the head',
    source: 'RFC 9112 §2.2',
    level: 'MUST',
    send: [`GET /@0/x HTTP/1.1\r\n${HOST}\r\n\r`, { pause: 20 }, 'XGET /@0/y HTTP/1.1\r\n\r\n', 'END'],
    expect: [refused(), { status: 'none', upstream: [] }],
  },
]

const spaces: Case[] = [
  'GET  /@0/x HTTP/1.1',
  'GET /@0/x  HTTP/1.1',
  'GET /@0/x HTTP/1.1 ',
  'GET\t/@0/x HTTP/1.1',
  'GET /@0/x\tHTTP/1.1',
  'GET\x0b/@0/x HTTP/1.1',
  'GET\x0c/@0/x HTTP/1.1',
  'GET\r/@0/x HTTP/1.1',
  'GET /@0/x\rHTTP/1.1',
].map((start) => ({
  name: `other white space, ${shown(start)}`,
  source: 'RFC 9112 §3',
  level: 'defence',
  send: line(start),
  expect: either(),
}))

const malformed: Case[] = [
  ' GET /@0/x HTTP/1.1',
  'GET /@0/x y HTTP/1.1',
  'GET /@0/x HTTP/1.1 HTTP/1.1',
  'GET /@0/x HTTP/1.0 HTTP/1.1',
  'GET/@0/x HTTP/1.1',
  'GET /@0/xHTTP/1.1',
  'GET HTTP/1.1',
  'GET  HTTP/1.1',
  '/@0/x HTTP/1.1',
  '/@0/x',
  'GET',
  'G\x00ET /@0/x HTTP/1.1',
  'GET\x00 /@0/x HTTP/1.1',
  '\x00GET /@0/x HTTP/1.1',
  'GET: /@0/x HTTP/1.1',
  'G(ET) /@0/x HTTP/1.1',
  '"GET" /@0/x HTTP/1.1',
  'GET, /@0/x HTTP/1.1',
  'G\xc4T /@0/x HTTP/1.1',
  '\xef\xbb\xbfGET /@0/x HTTP/1.1',
  'HTTP/1.1 200 OK',
].map((start) => ({
  name: `malformed, ${shown(start)}`,
  source: 'RFC 9112 §3',
  level: 'SHOULD',
  send: line(start),
  expect: refused(400, 404, 405, 501, 505),
}))

const foreign: Case[] = (
  [
    ['a TLS handshake', '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    ['SMTP', 'EHLO a.test\r\nMAIL FROM:<a@a.test>\r\n\r\n'],
    ['PROXY protocol', `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${get()}`],
    ['NULs', '\x00\x00\x00\x00\r\n\r\n'],
  ] as const
).map(([name, bytes]) => ({
  name,
  source: 'RFC 9112 §2.2',
  level: 'SHOULD',
  send: [bytes, { pause: 20 }, 'END'],
  expect: [
    { ...refused(), connection: 'closed' },
    { status: 'none', connection: 'closed', upstream: [] },
  ] as Expect[],
}))

const unfinished: Case[] = ['GET', 'GET /@0/x', 'GET /@0/x HTTP/1.1\r\n', `GET /@0/x HTTP/1.1\r\n${HOST}\r\n`, ''].map(
  (bytes) => ({
    name: `the client ends behind ${shown(bytes)}`,
    source: 'RFC 9112 §8',
    level: 'MUST',
    send: [...(bytes === '' ? [] : [bytes]), { pause: 20 }, 'END'],
    expect: [
      { ...refused(400, 408), connection: 'closed' },
      { status: 'none', connection: 'closed', upstream: [] },
    ] as Expect[],
  }),
)

const preface: Case = {
  name: 'the preface of HTTP/2',
  source: 'RFC 9113 §3.4',
  level: 'SHOULD',
  send: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { pause: 20 }, 'END'],
  expect: { ...refused(), connection: 'closed' },
  // Where HTTP/2 is spoken, this begins it.
  only: 'weir',
}

export const requestLine: Group = {
  name: 'request line',
  cases: [...versions, ...others, ...spaces, ...malformed, ...foreign, preface, ...unfinished],
}
