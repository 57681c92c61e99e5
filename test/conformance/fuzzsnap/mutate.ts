import fc from 'fast-check'
import type { Piece, Role } from './pieces.ts'

/** What is done to a message; `at` and `pick` choose the place and the variant, modulo how many there are. */
export interface Mutation {
  readonly kind: keyof typeof KINDS
  readonly at: number
  readonly pick: number
}

type Mutate = (pieces: readonly Piece[], at: number, pick: number) => readonly Piece[]

/** What has no place where it is put, or ends something there for some readers. */
const STRAY = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\0',
  ':',
  '\v',
  '\f',
  ',',
  ';',
  '\x7f',
  '\x85',
  '\xa0',
  '\r\n ',
  '\r\n\r\n',
  '#',
  '"',
  '0',
]

type Change = (text: string) => string
const whole = (...texts: readonly string[]): Change[] => texts.map((text) => () => text)
const around = (...pairs: readonly (readonly [string, string])[]): Change[] =>
  pairs.map(
    ([before, behind]) =>
      (text) =>
        before + text + behind,
  )
const number: readonly Change[] = [
  ...around(
    ['+', ''],
    ['-', ''],
    ['0x', ''],
    [' ', ''],
    ['', ' '],
    ['', '_0'],
    ['', ','],
    ['', '.0'],
    ['', 'e0'],
    ['', ' 5'],
    ['0', ''],
  ),
  ...around(
    ['', 'h'],
    ['', '\t'],
    ['', '\0'],
    ['\v', ''],
    ['', ';'],
    ['', '; '],
    ['', ' ;a'],
    ['', ';\n'],
    ['', ';a\r'],
  ),
  ...whole('', '0', '1', '00', 'fffffffffffffffff', '18446744073709551621', '4294967301', '9007199254740993', '\xb2'),
]

/** What goes wrong at places of one kind. */
const ODD: Readonly<Partial<Record<Role, readonly Change[]>>> = {
  eol: whole('\n', '\r', '', '\r\r\n', '\n\r', '\r\n\r\n', ' \r\n', '\r\n ', '\r\n\t', '\0\r\n', '\n\n'),
  sp: whole('', '  ', '\t', '\r', '\v', '\xa0', ' \t', '\n'),
  colon: whole('', ' : ', '\t:', '::', ':\r\n ', ' ', '\0:', ':\r', ':\n', ':\v', '=', ':\xa0'),
  version: whole(
    'HTTP/1.0',
    'HTTP/1.1',
    'HTTP/2.0',
    'HTTP/0.9',
    'HTTP/1.2',
    'http/1.1',
    'HTTP/1.10',
    'HTTP/01.1',
    'RTSP/1.0',
    'HTTP/1',
    '',
  ),
  method: whole('get', 'GETT', 'CONNECT', 'TRACE', 'PRI', 'FOO', 'HEAD', 'SOURCE', '', 'G ET', '"GET"'),
  status: whole('100', '101', '199', '204', '304', '000', '099', '600', '999', '1000', '20', '-200', '2 0', '20x', ''),
  target: [
    ...around(
      ['', '#f'],
      ['', '\0'],
      ['', ' x'],
      ['', '\t'],
      ['', '\xff'],
      ['', '|"<'],
      ['', '\\'],
      ['', '/..'],
      ['/', ''],
      ['http://b.test', ''],
    ),
    ...around(
      ['http://', ''],
      ['http://u@b.test', ''],
      ['ftp://b.test', ''],
      ['http://b.test:99999', ''],
      ['', '/%2e%2e/'],
    ),
    ...whole('*', '/', '', '/nowhere', 'b.test:80', 'http://b.test', '?', '//', '/@0', '/@0?', '/@0%2f'),
  ],
  host: [
    ...around(['u@', ''], ['', '/'], ['', ', b.test'], ['', ':x'], ['', ':99999'], ['[', ''], ['', '?'], ['', ' b']),
    ...whole('', ':80', '[::', '\xff'),
  ],
  length: [
    ...number,
    (text) => String(Number(text) + 1),
    (text) => String(Number(text) - 1),
    (text) => `${text}, ${text}`,
    (text) => `${text},${text}0`,
  ],
  size: [
    ...number,
    (text) => `${text}0`,
    (text) => (Number.parseInt(text, 16) + 1).toString(16),
    (text) => (Number.parseInt(text, 16) - 1).toString(16),
  ],
  coding: [
    ...whole(
      '',
      'identity',
      'gzip',
      'gzip, chunked',
      'chunked, gzip',
      'chunked, chunked',
      'xchunked',
      'chunkedx',
      '"chunked"',
      ',chunked',
      'chunked,',
    ),
    ...around(['', ' '], ['', '\t'], ['\v', ''], ['', ';a=b'], ['\0', ''], ['', '\r\n ']),
  ],
  extension: [
    ...whole(
      ';',
      ' ;a',
      ';a = b',
      ';a="\\""',
      ';a="\r\n"',
      ';a\n',
      ';a\rb',
      ';\0',
      ';=',
      ';a=',
      ' ',
      ';\xff',
      ';a="\xff',
      ',a',
    ),
    ...around(['', '\n']),
  ],
  name: [
    ...around([' ', ''], ['', ' '], ['\t', ''], ['', '\0'], ['', '\r'], ['\xff', ''], ['(', ''], ['', '\v']),
    ...whole(
      '',
      'Content-Length',
      'Transfer-Encoding',
      'Host',
      'Connection',
      'Expect',
      'Content_Length',
      'Upgrade',
      'X-Forwarded-For',
    ),
  ],
  value: around(
    ['', '\0'],
    ['', '\r'],
    ['', '\n'],
    ['\r\n ', ''],
    ['', '\r\nX-B: b'],
    ['', '\x7f'],
    ['\x01', ''],
    ['', '\nX-B: b'],
  ),
}

const LINES = [
  ...['0', '5', '+5', '5, 5', '-1', '0x5', '', '00', '3'].map((value) => `Content-Length: ${value}`),
  ...['chunked', 'gzip', 'identity', '', 'chunked, chunked', '\vchunked', 'x'].map(
    (value) => `Transfer-Encoding: ${value}`,
  ),
  ...[
    'Transfer-Encoding : chunked',
    'Transfer_Encoding: chunked',
    ' Content-Length: 5',
    'Content-Length',
    'Content-Length\0: 5',
  ],
  ...[
    'Host: b.test',
    'Host:',
    'Host: a.test, b.test',
    'Connection: close',
    'Connection: X-A, close',
    'Connection: keep-alive',
  ],
  ...[
    'Connection: Transfer-Encoding',
    'Connection: Content-Length, Host',
    'Expect: 100-continue',
    'Expect: x',
    'Upgrade: h2c',
  ],
  ...[
    ' folded',
    '\t',
    ':',
    ': v',
    'no colon',
    'A: b\rC: d',
    'A: b\nC: d',
    'A:\0',
    '0',
    '0\r\n',
    'GET /@0/smuggled HTTP/1.1',
  ],
]

const lines = (pieces: readonly Piece[]): Piece[][] => {
  const all: Piece[][] = [[]]
  for (const piece of pieces) {
    all.at(-1)!.push(piece)
    if (piece[0] === 'eol') all.push([])
  }
  return all
}
/** One piece changed. */
const one =
  (change: (text: string, pick: number) => string): Mutate =>
  (pieces, at, pick) =>
    pieces.map((piece, index) => (index === at % pieces.length ? [piece[0], change(piece[1], pick)] : piece))
const inLines =
  (change: (all: Piece[][], at: number, pick: number) => void): Mutate =>
  (pieces, at, pick) => {
    const all = lines(pieces)
    change(all, at % all.length, pick)
    return all.flat()
  }
const swapCase = (text: string): string =>
  text.replaceAll(/[a-z]/gi, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase()))

const KINDS = {
  odd(pieces, at, pick) {
    const places = pieces.flatMap(([role], index) => (ODD[role] === undefined ? [] : [index]))
    if (places.length === 0) return pieces
    const place = places[at % places.length]!
    const [role, text] = pieces[place]!
    const changes = ODD[role]!
    return pieces.with(place, [role, changes[pick % changes.length]!(text)])
  },
  flip: one((text, pick) => {
    const at = (pick >> 3) % Math.max(text.length, 1)
    const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << (pick & 7)))
    return text === '' ? text : text.slice(0, at) + flipped + text.slice(at + 1)
  }),
  stray: (pieces, at, pick) => pieces.toSpliced(at % (pieces.length + 1), 0, ['value', STRAY[pick % STRAY.length]!]),
  strayInside: one((text, pick) => {
    const at = pick % (text.length + 1)
    return text.slice(0, at) + STRAY[(pick >> 4) % STRAY.length] + text.slice(at)
  }),
  gone: (pieces, at) => pieces.toSpliced(at % pieces.length, 1),
  byteGone: one((text, pick) => {
    const at = pick % Math.max(text.length, 1)
    return text.slice(0, at) + text.slice(at + 1)
  }),
  twice: one((text) => text + text),
  upside: one(swapCase),
  lineTwice: inLines((all, at, pick) => all.splice(pick % all.length, 0, all[at]!)),
  lineGone: inLines((all, at) => all.splice(at, 1)),
  lineMoved: inLines((all, at, pick) => all.splice(pick % all.length, 0, ...all.splice(at, 1))),
  lineNew: inLines((all, at, pick) =>
    all.splice(at, 0, [
      ['value', LINES[pick % LINES.length]!],
      ['eol', '\r\n'],
    ]),
  ),
  cut: (pieces, at, pick) => {
    const last = pieces[at % pieces.length]!
    return [...pieces.slice(0, at % pieces.length), [last[0], last[1].slice(0, pick % (last[1].length + 1))]]
  },
} satisfies Readonly<Record<string, Mutate>>

const WEIGHTS: readonly Mutation['kind'][] = ['odd', 'odd', 'odd', 'odd', 'lineNew', 'lineNew']
const kinds = [...WEIGHTS, ...(Object.keys(KINDS) as Mutation['kind'][])]

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(100_000), pick: fc.nat(100_000) }),
  { minLength: 1, maxLength: 3 },
)

export const mutated = (pieces: readonly Piece[], all: readonly Mutation[]): readonly Piece[] =>
  all.reduce((before, { kind, at, pick }) => (before.length === 0 ? before : KINDS[kind](before, at, pick)), pieces)

/** Where a stream is cut into segments, in thousandths. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.uniqueArray(fc.nat(1000), { maxLength: 4 }) },
)

/** The stream in that many pieces. */
export function segments(bytes: string, at: readonly number[]): string[] {
  const ends = at.map((one) => Math.floor((one * bytes.length) / 1000)).toSorted((a, b) => a - b)
  return [...ends, bytes.length]
    .map((end, index) => bytes.slice(ends[index - 1] ?? 0, end))
    .filter((text) => text !== '')
}
