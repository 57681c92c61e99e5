import { type Case, CHUNKED, cut, type Group, get, passed, post, refused, shown } from '../case.ts'

/** RFC 9110 §8.6: `Content-Length = 1*DIGIT`, and nothing else. */
export const BAD_LENGTHS = [
  '',
  'x',
  '-1',
  '-5',
  '+5',
  '5x',
  'x5',
  '0x5',
  '5 5',
  '5;',
  '5,6',
  '5, 6',
  ',5',
  '1e1',
  '5.0',
  '"5"',
  '5\x0b',
  '\x0c5',
  '5_0',
  '\xb2',
  '\xa05',
  '18446744073709551621',
  '99999999999999999999999999',
]

const lengths: Case[] = BAD_LENGTHS.flatMap((value): Case[] => [
  {
    name: `POST, Content-Length: ${shown(value)}`,
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: post([`Content-Length: ${value}`], 'hello'),
    expect: cut(400, 413),
  },
  {
    name: `GET, Content-Length: ${shown(value)}`,
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: get(`Content-Length: ${value}`),
    expect: cut(400, 413),
  },
])

const SMUGGLED = 'GET /@0/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'

const repeated: Case[] = [
  {
    name: 'Content-Length twice, the same',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: post(['Content-Length: 5', 'Content-Length: 5'], 'hello'),
    expect: [cut(400), passed({ body: 'hello' })],
  },
  {
    name: 'Content-Length: 5, 5',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: post(['Content-Length: 5, 5'], 'hello'),
    expect: [cut(400), passed({ body: 'hello' })],
  },
  ...[
    ['5', '6'],
    ['6', '5'],
    ['0', '5'],
    ['5', '0'],
    ['5', ''],
    ['5', 'x'],
    ['5', '-5'],
  ].map(
    (two): Case => ({
      name: `Content-Length twice, ${two.map((value) => `"${value}"`).join(' and ')}`,
      source: 'RFC 9112 §6.3',
      level: 'MUST',
      send: post(
        two.map((value) => `Content-Length: ${value}`),
        'hello',
      ),
      expect: cut(400),
    }),
  ),
  {
    name: 'Content-Length with leading zeros',
    source: 'RFC 9110 §8.6',
    level: 'defence',
    send: post(['Content-Length: 0005'], 'hello'),
    expect: [cut(400), passed({ body: 'hello' })],
  },
  {
    name: 'Content-Length: 05 and 5, which some read as octal',
    source: 'RFC 9112 §6.3',
    level: 'defence',
    send: post(['Content-Length: 010'], '0123456789'),
    expect: [cut(400), passed({ body: '0123456789' })],
  },
  {
    name: 'a request hidden in a body by length: Content-Length wins nothing',
    source: 'RFC 9112 §11.2',
    level: 'MUST',
    send: post([`Content-Length: ${5 + SMUGGLED.length}`, CHUNKED], `0\r\n\r\n${SMUGGLED}`),
    expect: [
      cut(400),
      { status: 200, connection: 'closed', upstream: [{ target: '/@0/x', body: '', lacks: ['content-length'] }] },
    ],
  },
  {
    name: 'a request hidden in a chunk',
    source: 'RFC 9112 §11.2',
    level: 'MUST',
    send: post(['Content-Length: 4', CHUNKED], `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`),
    expect: [cut(400), { status: 200, connection: 'closed', upstream: [{ target: '/@0/x', body: SMUGGLED }] }],
  },
  {
    name: 'a request that is the body of another is only a body',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: post([`Content-Length: ${SMUGGLED.length}`], SMUGGLED),
    expect: passed({ body: SMUGGLED }),
  },
  {
    name: 'POST without a length has no body',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: post([], ''),
    expect: [refused(411), passed({ method: 'POST', body: '' })],
  },
]

export const contentLength: Group = { name: 'framing by length', cases: [...lengths, ...repeated] }
