import { type Case, type Expect, type Group, get, head, shown } from '../case.ts'
import { distrusted } from './framing.ts'

const ok = 'Content-Length: 5'

const statuses: Case[] = [
  200, 201, 202, 206, 207, 299, 300, 301, 307, 400, 401, 404, 418, 429, 451, 500, 502, 503, 599,
].map((status) => ({
  name: `status ${status} passes`,
  source: 'RFC 9110 §15',
  level: 'MUST',
  send: get(),
  answer: `${head(`HTTP/1.1 ${status} As It Came`, ok)}hello`,
  expect: { status, body: 'hello', connection: 'kept' },
}))

const reasons: Case[] = (
  [
    ['of its own', 'Fine With Me'],
    ['none', ''],
    ['latin-1', 'Gr\xfc\xdf Gott'],
    ['with a tab', 'a\tb'],
    ['with spaces', '  a  '],
    ['with punctuation', '"<a>"; (b)'],
  ] as const
).map(([name, reason]) => ({
  name: `reason, ${name}`,
  source: 'RFC 9112 §4',
  level: 'MUST',
  send: get(),
  // A client should ignore it, so that a proxy may write its own.
  answer: `${head(`HTTP/1.1 200 ${reason}`, ok)}hello`,
  expect: { status: 200, body: 'hello', connection: 'kept' },
}))

const bad: Case[] = [
  'HTTP/1.1 abc OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1 2OO OK',
  'HTTP/1.1 -200 OK',
  'HTTP/1.1 +200 OK',
  'HTTP/1.1 0x200 OK',
  'HTTP/1.1 200OK',
  'HTTP/1.1 200.1 OK',
  'HTTP/1.1 000 OK',
  'HTTP/1.1 099 OK',
  'HTTP/1.1',
  'HTTP/1.1 OK',
  'http/1.1 200 OK',
  'HTTP/2 200 OK',
  'HTTP/2.0 200 OK',
  'HTTP/0.9 200 OK',
  'HTTP/1.x 200 OK',
  'HTTP/11.1 200 OK',
  'HTTP 200 OK',
  'ICY 200 OK',
  'SSH-2.0-OpenSSH_9.9',
  '200 OK',
  'hello',
  'GET / HTTP/1.1',
  'HTTP/1.1 200 \x00',
  'HTTP/1.1 200 a\rb',
  'HTTP/1.1 200 a\x01b',
  '\x00HTTP/1.1 200 OK',
].map((line) => ({
  name: `bad status line, ${shown(line)}`,
  source: 'RFC 9112 §4, RFC 9110 §15.6.3',
  level: 'SHOULD',
  send: get(),
  answer: [`${head(line, ok)}hello`, { pause: 20 }, 'END'],
  expect: distrusted,
}))

const lenient: Case[] = [
  'HTTP/1.1 200',
  'HTTP/1.1  200 OK',
  'HTTP/1.1\t200 OK',
  '\r\nHTTP/1.1 200 OK',
  ' HTTP/1.1 200 OK',
  'HTTP/1.1 600 Beyond',
  'HTTP/1.1 999 Beyond',
  'HTTP/1.2 200 OK',
].map((line) => ({
  name: `lenient, ${shown(line)}`,
  source: 'RFC 9112 §4, RFC 9110 §2.5, §15',
  level: 'defence',
  send: get(),
  answer: [`${head(line, ok)}hello`, { pause: 20 }, 'END'],
  expect: [
    { status: 502, connection: 'kept' },
    { status: [200, 500, 600, 999], body: 'hello', connection: 'kept' },
  ] as Expect[],
}))

export const statusLine: Group = { name: 'response status line', cases: [...statuses, ...reasons, ...bad, ...lenient] }
