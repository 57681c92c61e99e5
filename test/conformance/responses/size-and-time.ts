import { type Case, CHUNKED, type Group, get, HELLO, head } from '../case.ts'
import { broken, distrusted, respond } from './framing.ts'

const slow: Case[] = [
  {
    name: 'silence',
    source: 'RFC 9110 §15.6.5',
    level: 'MUST',
    send: get(),
    answer: ['HOLD'],
    expect: { status: 504, connection: 'kept', reused: false },
  },
  {
    name: 'silence in the head',
    source: 'RFC 9110 §15.6.5',
    level: 'MUST',
    send: get(),
    answer: 'HTTP/1.1 200 OK\r\nX: ',
    expect: { status: [504, 502], connection: 'kept', reused: false },
  },
  {
    name: 'silence in a body by length',
    source: 'RFC 9112 §8',
    level: 'MUST',
    send: get(),
    answer: `${respond('Content-Length: 10')}hello`,
    expect: [...broken, { status: 504 }],
  },
  {
    name: 'silence in a chunked body',
    source: 'RFC 9112 §8',
    level: 'MUST',
    send: get(),
    answer: `${respond(CHUNKED)}5\r\nhello\r\n`,
    expect: [...broken, { status: 504 }],
  },
  {
    name: 'a drip, byte by byte',
    source: 'RFC 9112 §2.2',
    level: 'MUST',
    send: get(),
    answer: [...`${respond(CHUNKED)}${HELLO}`].flatMap((byte) => [byte, { pause: 1 }]),
    expect: { status: 200, body: 'hello', connection: 'kept' },
  },
  {
    name: 'pauses shorter than the limit, longer in all',
    source: 'docs/filters/proxy.md',
    level: 'SHOULD',
    send: get(),
    answer: [`${respond('Content-Length: 3')}`, { pause: 500 }, 'a', { pause: 500 }, 'b', { pause: 500 }, 'c'],
    expect: { status: 200, body: 'abc', connection: 'kept' },
  },
]

const large: Case[] = [
  {
    name: 'a body of 300 KB by length',
    source: 'RFC 9112 §6.3',
    level: 'MUST',
    send: get(),
    answer: respond('Content-Length: 300000') + 'x'.repeat(300_000),
    expect: { status: 200, body: 'x'.repeat(300_000), connection: 'kept' },
  },
  {
    name: 'a body of 300 KB in chunks',
    source: 'RFC 9112 §7.1',
    level: 'MUST',
    send: get(),
    answer: `${respond(CHUNKED)}${`2710\r\n${'x'.repeat(10_000)}\r\n`.repeat(30)}0\r\n\r\n`,
    expect: { status: 200, body: 'x'.repeat(300_000), connection: 'kept' },
  },
  {
    name: 'a field of 200 KB',
    source: 'RFC 9110 §5.4, §15.6.3',
    level: 'defence',
    send: get(),
    answer: `${respond(`X: ${'x'.repeat(200_000)}`, 'Content-Length: 5')}hello`,
    expect: distrusted,
  },
  {
    name: 'a head of 1 MB in small fields',
    source: 'RFC 9110 §5.4, §15.6.3',
    level: 'defence',
    send: get(),
    answer: `${respond(...Array.from({ length: 10_000 }, (_, n) => `X-${n}: ${'x'.repeat(90)}`), 'Content-Length: 5')}hello`,
    expect: distrusted,
  },
  {
    name: 'a status line of 200 KB',
    source: 'RFC 9112 §4, RFC 9110 §15.6.3',
    level: 'defence',
    send: get(),
    answer: `${head(`HTTP/1.1 200 ${'x'.repeat(200_000)}`, 'Content-Length: 5')}hello`,
    expect: distrusted,
  },
  ...[50, 300, 1100].map(
    (count): Case => ({
      name: `Content-Length and Set-Cookie behind ${count} fields count`,
      source: 'RFC 9112 §6.3, RFC 9110 §5.4',
      level: 'MUST',
      send: get(),
      answer: `${respond(...Array.from({ length: count }, (_, n) => `a${n}:`), 'Set-Cookie: a=b', 'Content-Length: 5')}hello`,
      expect: [{ status: 502 }, { status: 200, body: 'hello', has: { 'set-cookie': 'a=b' }, connection: 'kept' }],
    }),
  ),
  {
    name: 'trailers of 200 KB',
    source: 'RFC 9112 §7.1.2',
    level: 'defence',
    send: get(),
    answer: `${respond(CHUNKED)}5\r\nhello\r\n0\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`,
    expect: [...broken, distrusted, { status: 200, body: 'hello', connection: 'kept', trailers: { lacks: ['x'] } }],
  },
]

export const sizeAndTime: Group = { name: 'response size and time', cases: [...slow, ...large] }
