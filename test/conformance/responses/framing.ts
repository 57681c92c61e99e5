import { type Case, CHUNKED, type Expect, type Group, get, HELLO, HOST, head, shown } from '../case.ts'
import { BAD_LENGTHS } from '../requests/content-length.ts'
import { BAD_CODINGS } from '../requests/transfer-encoding.ts'

const SOURCE = 'RFC 9112 §6.3'

export const respond = (...lines: string[]): string => head('HTTP/1.1 200 OK', ...lines)

/** What the gateway makes of an answer it can't believe; the connection to the upstream is not used again. */
export const distrusted: Expect = { status: 502, connection: 'kept', reused: false }

/** Broken off where the client can see it. */
export const broken: readonly Expect[] = [
  { status: 200, complete: false, connection: 'closed', reused: false },
  { status: 'none', connection: 'closed', reused: false },
]

const lengths: Case[] = [...BAD_LENGTHS, '9007199254740993'].map((value) => ({
  name: `Content-Length: ${shown(value)}`,
  source: SOURCE,
  level: 'MUST',
  send: get(),
  answer: [`${respond(`Content-Length: ${value}`)}hello`, { pause: 20 }, 'END'],
  expect: distrusted,
}))

const repeated: Case[] = (
  [
    ['the same', ['Content-Length: 5', 'Content-Length: 5'], true],
    ['the same in a list', ['Content-Length: 5, 5'], true],
    ['different', ['Content-Length: 5', 'Content-Length: 6'], false],
    ['different, the shorter last', ['Content-Length: 6', 'Content-Length: 5'], false],
    ['one of them empty', ['Content-Length: 5', 'Content-Length:'], false],
    ['different in a list', ['Content-Length: 5, 6'], false],
  ] as const
).map(([name, lines, harmless]) => ({
  name: `Content-Length twice, ${name}`,
  source: SOURCE,
  level: 'MUST',
  send: get(),
  answer: `${respond(...lines)}hello`,
  expect: harmless ? [distrusted, { status: 200, body: 'hello', connection: 'kept' }] : distrusted,
}))

const codings: Case[] = BAD_CODINGS.filter((value) => value !== '' && value !== ',').map((value) => ({
  name: `Transfer-Encoding: ${shown(value)}`,
  source: 'RFC 9112 §6.1, §6.3, §7',
  level: 'defence',
  send: get(),
  answer: [`${respond(`Transfer-Encoding: ${value}`)}${HELLO}`, { pause: 20 }, 'END'],
  // Where chunked is not last, the body ends with the connection; what it is coded in nobody knows.
  expect: [distrusted, { status: 200, body: HELLO, reused: false }],
}))

const goodCodings: Case[] = ['chunked', 'Chunked', 'CHUNKED', ' \tchunked', 'chunked \t'].map((value) => ({
  name: `Transfer-Encoding: ${shown(value)} is understood`,
  source: 'RFC 9112 §7',
  level: 'MUST',
  send: get(),
  answer: `${head('HTTP/1.1 200 OK', `Transfer-Encoding:${value}`)}${HELLO}`,
  expect: { status: 200, body: 'hello', connection: 'kept' },
}))

const ambiguous: Case[] = [
  ...['Content-Length: 15', 'Content-Length: 5', 'Content-Length: 0'].flatMap((length): Case[] =>
    [
      [length, CHUNKED],
      [CHUNKED, length],
    ].map((lines) => ({
      name: lines.join(' and '),
      source: 'RFC 9112 §6.3, §11.2',
      level: 'MUST',
      send: get(),
      answer: respond(...lines) + HELLO,
      expect: [
        distrusted,
        { status: 200, body: 'hello', lacks: ['content-length'], connection: 'kept', reused: false },
      ],
    })),
  ),
  {
    name: 'chunked in HTTP/1.0',
    source: 'RFC 9112 §6.1',
    level: 'MUST',
    send: get(),
    answer: [head('HTTP/1.0 200 OK', CHUNKED) + HELLO, { pause: 20 }, 'END'],
    expect: [distrusted, { status: 200, body: 'hello', reused: false }, { status: 200, body: HELLO, reused: false }],
  },
  {
    name: 'a body that ends with the connection',
    source: SOURCE,
    level: 'MUST',
    send: get(),
    answer: [`${respond()}hello`, 'END'],
    expect: { status: 200, body: 'hello', reused: false },
  },
  {
    name: 'a body that ends with the connection, in HTTP/1.0',
    source: SOURCE,
    level: 'MUST',
    send: get(),
    answer: [`${head('HTTP/1.0 200 OK')}hello`, 'END'],
    expect: { status: 200, body: 'hello', reused: false },
  },
  {
    name: 'a body by length in HTTP/1.0',
    source: SOURCE,
    level: 'MUST',
    send: get(),
    answer: [`${head('HTTP/1.0 200 OK', 'Content-Length: 5')}hello`, 'END'],
    expect: { status: 200, body: 'hello', connection: 'kept', reused: false },
  },
  {
    name: 'a body by length',
    source: SOURCE,
    level: 'MUST',
    send: get(),
    answer: `${respond('Content-Length: 5')}hello`,
    expect: { status: 200, body: 'hello', connection: 'kept', reused: true, has: { 'content-length': '5' } },
  },
  {
    name: 'chunks, to a client of HTTP/1.0',
    source: 'RFC 9112 §6.1',
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.0', HOST),
    answer: respond(CHUNKED) + HELLO,
    expect: { status: 200, body: 'hello', lacks: ['transfer-encoding'], connection: 'closed' },
  },
  {
    name: 'chunks, to a client of HTTP/1.0 that asks to be kept',
    source: 'RFC 9112 §6.1, §9.3',
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.0', HOST, 'Connection: keep-alive'),
    answer: respond(CHUNKED) + HELLO,
    expect: { status: 200, body: 'hello', lacks: ['transfer-encoding'] },
  },
]

const chunks: Case[] = [
  ...[
    '5;a=b\r\nhello\r\n0\r\n\r\n',
    '0005\r\nhello\r\n00\r\n\r\n',
    '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    '5\r\nhello\r\n0;a\r\n\r\n',
  ].map(
    (bytes): Case => ({
      name: `good chunks, ${shown(bytes)}`,
      source: 'RFC 9112 §7.1',
      level: 'MUST',
      send: get(),
      answer: respond(CHUNKED) + bytes,
      expect: { status: 200, body: 'hello', connection: 'kept' },
    }),
  ),
  ...[
    '-5\r\nhello\r\n0\r\n\r\n',
    '0x5\r\nhello\r\n0\r\n\r\n',
    'g\r\nhello\r\n0\r\n\r\n',
    '\r\nhello\r\n0\r\n\r\n',
    '5\r\nhelloo\r\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '10000000000000005\r\nhello\r\n0\r\n\r\n',
    'FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n',
    '5\r\nhello\r\nzz\r\n',
    '5\r\nhello\r\n-1\r\n\r\n',
    '5 5\r\nhello\r\n0\r\n\r\n',
    'hello',
  ].map(
    (bytes): Case => ({
      name: `bad chunks, ${shown(bytes)}`,
      source: 'RFC 9112 §7.1, §8',
      level: 'MUST',
      send: get(),
      answer: [respond(CHUNKED) + bytes, { pause: 20 }, 'END'],
      expect: [...broken, distrusted],
    }),
  ),
]

export const responseFraming: Group = {
  name: 'response framing',
  cases: [...lengths, ...repeated, ...codings, ...goodCodings, ...ambiguous, ...chunks],
}
