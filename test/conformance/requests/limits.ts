import { brokenOff, type Case, CHUNKED, type Group, get, HOST, head, passed, post, refused } from '../case.ts'

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `a${n}:`)

const cases: Case[] = [
  {
    name: 'a field of 100 KB',
    source: 'RFC 9110 §5.4',
    level: 'MUST',
    send: get(`X: ${'x'.repeat(100_000)}`),
    expect: refused(400, 413, 431, 494),
  },
  {
    name: 'a field of 100 KB is answered 431',
    source: 'RFC 6585 §5',
    level: 'SHOULD',
    send: get(`X: ${'x'.repeat(100_000)}`),
    expect: refused(431),
  },
  {
    name: 'a head of 1 MB in small fields',
    source: 'RFC 9110 §5.4',
    level: 'MUST',
    send: get(...Array.from({ length: 10_000 }, (_, n) => `X-${n}: ${'x'.repeat(90)}`)),
    expect: refused(400, 413, 431),
  },
  {
    name: 'a name of 100 KB',
    source: 'RFC 9110 §5.4',
    level: 'MUST',
    send: get(`${'x'.repeat(100_000)}: v`),
    expect: refused(400, 413, 431),
  },
  {
    name: '50 fields',
    source: 'RFC 9110 §5.4',
    level: 'MUST',
    send: get(...many(50)),
    expect: passed({ has: Object.fromEntries(many(50).map((line) => [line.slice(0, -1), ''])) }),
  },
  ...[90, 300, 999, 1000, 1500, 1990].flatMap((count): Case[] => [
    {
      name: `a field behind ${count} others is not lost`,
      source: 'RFC 9110 §5.4: ignoring fields makes requests mean something else',
      level: 'MUST',
      send: get(...many(count), 'Z: z'),
      expect: [refused(400, 413, 431), passed({ has: { z: 'z' } })],
    },
    {
      name: `Content-Length behind ${count} fields counts`,
      source: 'RFC 9112 §6.3',
      level: 'MUST',
      send: post([...many(count), 'Content-Length: 5'], 'hello'),
      expect: [refused(400, 413, 431), passed({ body: 'hello' })],
    },
    {
      name: `Transfer-Encoding behind ${count} fields counts`,
      source: 'RFC 9112 §6.3',
      level: 'MUST',
      send: post([...many(count), CHUNKED], '5\r\nhello\r\n0\r\n\r\n'),
      expect: [refused(400, 413, 431), passed({ body: 'hello' })],
    },
    {
      name: `Host behind ${count} fields counts`,
      source: 'RFC 9112 §3.2',
      level: 'MUST',
      send: head('GET /@h/x HTTP/1.1', ...many(count), HOST),
      expect: [refused(400, 413, 431), passed({ target: '/@h/x', has: { host: 'a.test' } })],
    },
    {
      name: `what Connection names behind ${count} fields is removed`,
      source: 'RFC 9110 §7.6.1',
      level: 'MUST',
      send: get('X-A: 1', ...many(count), 'Connection: x-a'),
      expect: [refused(400, 413, 431), passed({ lacks: ['x-a'] })],
    },
  ]),
  {
    name: 'a chunk extension of 100 KB',
    source: 'RFC 9112 §7.1.1, CVE-2024-22019',
    level: 'defence',
    send: post([CHUNKED], `5;${'a'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`),
    expect: brokenOff,
  },
  {
    name: 'a thousand chunks of one byte, each with an extension of 50',
    source: 'RFC 9112 §7.1.1, CVE-2023-39326',
    level: 'defence',
    send: post([CHUNKED], `${`1;${'a'.repeat(50)}\r\nx\r\n`.repeat(1000)}0\r\n\r\n`),
    expect: [passed({ body: 'x'.repeat(1000) }), ...brokenOff],
  },
  {
    name: 'trailers of 100 KB',
    source: 'RFC 9112 §7.1.2',
    level: 'defence',
    send: post([CHUNKED], `5\r\nhello\r\n0\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`),
    expect: brokenOff,
  },
  {
    name: 'a thousand trailers',
    source: 'RFC 9112 §7.1.2',
    level: 'defence',
    send: post([CHUNKED], `5\r\nhello\r\n0\r\n${'X: y\r\n'.repeat(1000)}\r\n`),
    expect: [passed({ body: 'hello', lacks: ['x'] }), ...brokenOff],
  },
  {
    name: 'a thousand empty lines before the request',
    source: 'RFC 9112 §2.2',
    level: 'defence',
    send: `${'\r\n'.repeat(1000)}${get()}`,
    expect: [passed(), refused()],
  },
  {
    name: 'a hundred fields of one name',
    source: 'RFC 9110 §5.3',
    level: 'MUST',
    send: get(...Array.from({ length: 60 }, (_, n) => `X: ${n}`)),
    expect: passed({ has: { x: /^0, 1, 2,.* 58, 59$/ } }),
  },
  {
    name: 'a hundred options of Connection',
    source: 'RFC 9110 §7.6.1',
    level: 'MUST',
    send: get(`Connection: ${Array.from({ length: 100 }, (_, n) => `x-${n}`).join(', ')}`, 'X-0: a', 'X-99: b'),
    expect: passed({ lacks: ['x-0', 'x-99'] }),
  },
]

export const limits: Group = { name: 'limits', cases }
