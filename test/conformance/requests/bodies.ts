import { brokenOff, type Case, CHUNKED, type Group, HOST, head, passed, post, refused, type Step } from '../case.ts'

const chunked = (body: string, size: number): string => {
  let bytes = ''
  for (let at = 0; at < body.length; at += size) {
    const piece = body.slice(at, at + size)
    bytes += `${piece.length.toString(16)}\r\n${piece}\r\n`
  }
  return `${bytes}0\r\n\r\n`
}

const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('')

const BODIES = [
  ['of one byte', 'x', 1],
  ['of every byte there is', ALL_BYTES, 64],
  ['of 64 KiB', 'x'.repeat(65_536), 4096],
  ['of 300 KB', ALL_BYTES.repeat(1200), 30_000],
  ['of line ends', '\r\n\r\n\r\n\r\n', 3],
  ['that looks like a head', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 7],
] as const

const whole: Case[] = BODIES.flatMap(([name, body, size]): Case[] => [
  {
    name: `${name}, by length`,
    source: 'RFC 9112 §6.2',
    level: 'MUST',
    send: post([`Content-Length: ${body.length}`], body),
    expect: passed({ body }),
  },
  {
    name: `${name}, chunked`,
    source: 'RFC 9112 §7.1',
    level: 'MUST',
    send: post([CHUNKED], chunked(body, size)),
    expect: passed({ body }),
  },
])

/** Every byte on its own, but for the name of the endpoint, which is put in later. */
const dripping = (bytes: string): Step[] =>
  (bytes.match(/@0|./gs) ?? []).flatMap((byte): Step[] => [byte, { pause: 1 }])

const drip: Case[] = [
  {
    name: 'every byte on its own, by length',
    source: 'RFC 9112 §2.2',
    level: 'MUST',
    send: dripping(post(['Content-Length: 5'], 'hello')),
    expect: passed({ body: 'hello' }),
  },
  {
    name: 'every byte on its own, chunked',
    source: 'RFC 9112 §2.2',
    level: 'MUST',
    send: dripping(post([CHUNKED], '5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n')),
    expect: passed({ body: 'hello' }),
  },
  {
    name: 'the last byte late',
    source: 'RFC 9112 §6.2',
    level: 'MUST',
    send: [post(['Content-Length: 5'], 'hell'), { pause: 50 }, 'o'],
    expect: passed({ body: 'hello' }),
  },
]

const short: Case[] = [
  ...['', 'hel', 'hell'].map(
    (bytes): Case => ({
      name: `the client ends after ${bytes.length} of 5 bytes`,
      source: 'RFC 9112 §8',
      level: 'MUST',
      send: [post(['Content-Length: 5'], bytes), { pause: 20 }, 'END'],
      expect: brokenOff,
    }),
  ),
  {
    name: 'the client resets in the middle',
    source: 'RFC 9112 §8',
    level: 'MUST',
    send: [post(['Content-Length: 5'], 'hel'), { pause: 20 }, 'RESET'],
    expect: { status: 'none', upstream: 'none whole' },
  },
  {
    name: 'the client has sent all and ends its side: it is answered, or forgotten',
    source: 'RFC 9112 §9.6',
    level: 'SHOULD',
    send: [post(['Content-Length: 5'], 'hello'), 'END'],
    expect: [
      { status: 200, connection: 'closed', upstream: [{ body: 'hello' }] },
      { status: 'none', connection: 'closed' },
    ],
  },
]

const early: Case[] = [
  {
    name: 'the head goes on before there is a body, and may be answered',
    source: 'docs/life-of-a-request.md: bodies stream',
    level: 'SHOULD',
    send: post(['Content-Length: 5'], ''),
    answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    answerOn: 'head',
    expect: { status: 403, body: 'no' },
    only: 'weir',
  },
  {
    name: 'the upstream answers before the body has all come',
    source: 'RFC 9112 §9.5',
    level: 'MUST',
    send: [post(['Content-Length: 5'], 'h'), { until: 'no' }, 'ello'],
    answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    answerOn: 'head',
    expect: { status: 403, body: 'no' },
  },
  {
    name: 'the upstream answers and closes during a long upload',
    source: 'RFC 9112 §9.5, §9.6',
    level: 'SHOULD',
    send: post(['Content-Length: 300000'], 'x'.repeat(300_000)),
    answer: ['HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno', 'END'],
    answerOn: 'head',
    expect: { status: 413, body: 'no' },
  },
  {
    name: 'refused before it comes, and read for what it is',
    source: 'RFC 9112 §9.3',
    level: 'MUST',
    send: `${head('POST /nowhere HTTP/1.1', HOST, 'Content-Length: 43')}GET /@0/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n`,
    expect: [
      { status: 404, connection: 'kept', upstream: [] },
      { status: 404, connection: 'closed', upstream: [] },
    ],
  },
  {
    name: 'Content-Length: 0 has none',
    source: 'RFC 9112 §6.2',
    level: 'MUST',
    send: post(['Content-Length: 0'], ''),
    expect: passed({ body: '' }),
  },
  {
    name: 'a length of 2^53 and no body',
    source: 'RFC 9110 §8.6',
    level: 'MUST',
    send: [post(['Content-Length: 9007199254740993'], ''), { pause: 20 }, 'END'],
    expect: [...brokenOff, refused()],
  },
  {
    name: 'a digest of it goes on as it is',
    source: 'RFC 9110 §7.7, RFC 9530 §2',
    level: 'MUST',
    send: post(
      ['Content-Length: 5', 'Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:'],
      'hello',
    ),
    expect: passed({
      body: 'hello',
      has: { 'content-digest': 'sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:' },
    }),
  },
]

export const bodies: Group = { name: 'bodies', cases: [...whole, ...drip, ...short, ...early] }
