import {
  type Case,
  CHUNKED,
  cut,
  type Expect,
  type Group,
  HELLO,
  HOST,
  head,
  passed,
  post,
  refused,
  shown,
} from '../case.ts'

/** Codings that are not `chunked`, though somebody may take them for it. */
export const BAD_CODINGS = [
  '',
  ',',
  'identity',
  'gzip',
  'cow',
  'xchunked',
  'chunkedx',
  'x-chunked',
  'chunke',
  'chun ked',
  '"chunked"',
  "'chunked'",
  'chunked;',
  'chunked;a=b',
  'chunked chunked',
  'chunked, chunked',
  'chunked, identity',
  'chunked, gzip',
  'chunked, cow',
  'identity, chunked',
  'gzip, chunked',
  '\x0bchunked',
  'chunked\x0b',
  'chunked\x0c',
  '\xa0chunked',
  'chunked\x85',
]

const CODING_SOURCE = 'RFC 9112 §6.1, §6.3'

/** Where chunked comes last, the end is known, and the coding before it is what nobody understands. */
const refusal = (value: string): Expect => (/, *chunked$/.test(value) ? refused() : cut(400, 501))

const codings: Case[] = BAD_CODINGS.flatMap((value): Case[] => [
  {
    name: `Transfer-Encoding: ${shown(value)}`,
    source: CODING_SOURCE,
    level: 'MUST',
    send: post([`Transfer-Encoding: ${value}`], HELLO),
    expect: refusal(value),
  },
  {
    name: `Content-Length before Transfer-Encoding: ${shown(value)}`,
    source: CODING_SOURCE,
    level: 'MUST',
    send: post(['Content-Length: 15', `Transfer-Encoding: ${value}`], HELLO),
    expect: refusal(value),
  },
  {
    name: `Content-Length behind Transfer-Encoding: ${shown(value)}`,
    source: CODING_SOURCE,
    level: 'MUST',
    send: post([`Transfer-Encoding: ${value}`, 'Content-Length: 15'], HELLO),
    expect: refusal(value),
  },
])

const goodCodings: Case[] = ['chunked', 'Chunked', 'CHUNKED', 'cHuNkEd', ' \tchunked', 'chunked \t'].map((value) => ({
  name: `Transfer-Encoding: ${shown(value)} is understood`,
  source: 'RFC 9112 §7: names of codings are case-insensitive; RFC 9110 §5.5',
  level: 'MUST',
  send: post([`Transfer-Encoding:${value}`], HELLO),
  expect: passed({ body: 'hello' }),
}))

const emptyElements: Case[] = ['chunked,', ', chunked', 'chunked, ,'].map((value) => ({
  name: `Transfer-Encoding: ${shown(value)}, with empty list elements`,
  source: 'RFC 9110 §5.6.1.2',
  level: 'defence',
  send: post([`Transfer-Encoding: ${value}`], HELLO),
  expect: [refused(), passed({ body: 'hello' })],
}))

const both = (fields: readonly string[], version = 'HTTP/1.1'): Omit<Case, 'name' | 'source'> => ({
  level: 'MUST',
  send: head(`POST /@0/x ${version}`, HOST, ...fields) + HELLO,
  expect: [
    cut(400, 501, 505),
    {
      status: 200,
      connection: 'closed',
      upstream: [
        { target: '/@0/x', body: 'hello', lacks: ['content-length'], has: { 'transfer-encoding': 'chunked' } },
      ],
    },
  ],
})

const ambiguous: Case[] = [
  ...['Content-Length: 15', 'Content-Length: 5', 'Content-Length: 0', 'Content-Length: 3'].flatMap((length): Case[] => [
    { name: `${length} before chunked`, source: 'RFC 9112 §6.1, §11.2', ...both([length, CHUNKED]) },
    { name: `${length} behind chunked`, source: 'RFC 9112 §6.1, §11.2', ...both([CHUNKED, length]) },
  ]),
  { name: 'chunked in HTTP/1.0', source: 'RFC 9112 §6.1', ...both([CHUNKED], 'HTTP/1.0') },
  {
    name: 'chunked in HTTP/1.0 with keep-alive',
    source: 'RFC 9112 §6.1',
    ...both([CHUNKED, 'Connection: keep-alive'], 'HTTP/1.0'),
  },
  {
    name: 'chunked and Content-Length in HTTP/1.0',
    source: 'RFC 9112 §6.1',
    ...both([CHUNKED, 'Content-Length: 15', 'Connection: keep-alive'], 'HTTP/1.0'),
  },
  ...[
    ['chunked', 'chunked'],
    ['chunked', 'identity'],
    ['identity', 'chunked'],
    ['gzip', 'chunked'],
    ['chunked', 'cow'],
    ['cow', 'chunked'],
  ].map(
    (two): Case => ({
      name: `two fields, Transfer-Encoding: ${two.join(' and ')}`,
      source: CODING_SOURCE,
      level: 'MUST',
      send: post(
        two.map((value) => `Transfer-Encoding: ${value}`),
        HELLO,
      ),
      expect: refusal(two.join(', ')),
    }),
  ),
]

/** Lines that are almost `Transfer-Encoding: chunked`. */
const hidden: Case[] = [
  ...['Transfer-Encoding : chunked', 'Transfer-Encoding\t: chunked'].map(
    (line): Case => ({
      name: `white space before the colon: ${shown(line)}`,
      source: 'RFC 9112 §5.1',
      level: 'MUST',
      send: post(['Content-Length: 15', line], HELLO),
      expect: refused(400),
    }),
  ),
  ...[
    'Transfer-Encoding\x00: chunked',
    'Transfer-Encoding\x0b: chunked',
    'Transfer\xadEncoding: chunked',
    '\x0bTransfer-Encoding: chunked',
    '\xa0Transfer-Encoding: chunked',
    'Transfer-Encoding\xa0: chunked',
    'Transfer-Encoding=chunked',
    'Transfer_Encoding: chunked',
    'Transfer-Encoding;: chunked',
  ].map(
    (line): Case => ({
      name: `no Transfer-Encoding: ${shown(line)}`,
      source: 'RFC 9112 §5, §11.2',
      level: 'defence',
      send: post(['Content-Length: 15', line], HELLO),
      expect: [refused(400), passed({ body: HELLO, lacks: ['transfer-encoding'] })],
    }),
  ),
  {
    name: 'Transfer-Encoding behind a bare CR',
    source: 'RFC 9112 §2.2, RFC 9110 §5.5',
    level: 'MUST',
    send: post(['Content-Length: 15', 'X: y\rTransfer-Encoding: chunked'], HELLO),
    expect: [refused(400), passed({ body: HELLO, lacks: ['transfer-encoding'] })],
  },
  {
    name: 'Transfer-Encoding behind a bare LF',
    source: 'RFC 9112 §2.2',
    level: 'defence',
    send: post(['Content-Length: 15', 'X: y\nTransfer-Encoding: chunked'], HELLO),
    expect: [cut(400), { status: 200, connection: 'closed', upstream: [{ body: 'hello', lacks: ['content-length'] }] }],
  },
  ...['Transfer-Encoding:\r\n chunked', 'Transfer-Encoding:\r\n\tchunked', 'Transfer-Encoding: \r\n \r\n chunked'].map(
    (line): Case => ({
      name: `a folded line, ${shown(line)}`,
      source: 'RFC 9112 §5.2',
      level: 'MUST',
      send: post([line], HELLO),
      expect: [cut(400, 501), passed({ body: 'hello' })],
    }),
  ),
  ...['Content-Length:\r\n 5', 'Content-Length: 5\r\n 6', 'Content-Length: \r\n\t5'].map(
    (line): Case => ({
      name: `a folded line, ${shown(line)}`,
      source: 'RFC 9112 §5.2',
      level: 'MUST',
      send: post([line], 'hello'),
      expect: line.includes('6') ? cut(400) : [cut(400), passed({ body: 'hello' })],
    }),
  ),
  {
    name: 'Transfer-Encoding on a line that begins with a space, first of all',
    source: 'RFC 9112 §2.2',
    level: 'MUST',
    send: head('POST /@0/x HTTP/1.1', ' Transfer-Encoding: chunked', HOST, 'Content-Length: 15') + HELLO,
    expect: [refused(400), passed({ body: HELLO, lacks: ['transfer-encoding'] })],
  },
]

export const transferEncoding: Group = {
  name: 'framing by coding',
  cases: [...codings, ...goodCodings, ...emptyElements, ...ambiguous, ...hidden],
}
