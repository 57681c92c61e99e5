import { type Case, type Group, get, HOST, head, passed, refused, shown } from '../case.ts'

const colon: Case[] = ['X-A', 'Content-Length', 'Authorization', 'Connection', 'Cookie'].flatMap((name) =>
  [' ', '\t', '  ', ' \t'].map(
    (space): Case => ({
      name: `white space before the colon, ${shown(`${name}${space}:`)}`,
      source: 'RFC 9112 §5.1',
      level: 'MUST',
      send: get(`${name}${space}: 0`),
      expect: refused(400),
    }),
  ),
)

const folded: Case[] = (
  [
    ['with a space', ['X-A: a', ' b']],
    ['with a tab', ['X-A: a', '\tb']],
    ['twice', ['X-A: a', ' b', ' c']],
    ['with nothing but white space', ['X-A: a', '   ']],
    ['that looks like a field', ['X-A: a', ' X-B: b']],
    ['behind an empty value', ['X-A:', ' a']],
  ] as const
).map(([name, lines]) => ({
  name: `a folded line ${name}`,
  source: 'RFC 9112 §5.2',
  level: 'MUST',
  send: get(...lines),
  expect: [refused(400), passed({ has: { 'x-a': /^a?[ \t]*/ }, lacks: ['x-b'] })],
}))

const first: Case[] = [' X-A: a', '\tX-A: a', ' ', ' Host: b.test'].map((line) => ({
  name: `white space before the first field, ${shown(line)}`,
  source: 'RFC 9112 §2.2',
  level: 'MUST',
  send: head('GET /@h/x HTTP/1.1', line, HOST),
  expect: [refused(400), passed({ target: '/@h/x', lacks: ['x-a'], has: { host: 'a.test' } })],
}))

const NOT_IN_NAMES = [...'(),/;<=>?@[\\]{}"', ' ', '\t', '\x00', '\x01', '\x0b', '\x1f', '\x7f', '\x80', '\xa0', '\xff']

const names: Case[] = NOT_IN_NAMES.map((c) => ({
  name: `${shown(c)} in a name`,
  source: 'RFC 9110 §5.1, RFC 9112 §2.2',
  level: 'SHOULD',
  send: get(`X${c}A: v`),
  expect: [refused(400), passed({ lacks: [`x${c}a`, 'x', 'a'] })],
}))

const lines: Case[] = ['no colon', ': no name', ':', 'X', '\x00: v', '=: v\x00'].map((line) => ({
  name: `no field, ${shown(line)}`,
  source: 'RFC 9112 §5, §2.2',
  level: 'SHOULD',
  send: get(line),
  expect: [refused(400), passed({ lacks: ['', 'x', '='] })],
}))

const odd: Case[] = ["!#$%&'*+-.^`|~", '0', 'constructor', 'toString', 'X.A', '-'].map((name) => ({
  name: `a name like any other, ${name}`,
  source: 'RFC 9110 §5.1',
  level: 'SHOULD',
  send: get(`${name}: v`),
  expect: passed({ has: { [name.toLowerCase()]: 'v' } }),
}))

/** A gateway may pass such names, or remove them, because CGI and WSGI read them as names with hyphens. */
const underscores: Case[] = ['X_A', '__proto__', "!#$%&'*+-.^_`|~"].map((name) => ({
  name: `a name with underscores, ${name}`,
  source: 'RFC 9110 §5.1, §17.10',
  level: 'SHOULD',
  send: get(`${name}: v`),
  expect: [passed({ has: { [name.toLowerCase()]: 'v' } }), passed({ lacks: [name.toLowerCase()] })],
}))

const DANGEROUS = ['\x00', '\r']

const controls: Case[] = [
  ...DANGEROUS.flatMap((c) =>
    [`a${c}b`, `${c}a`, `a${c}`, `a${c}X-B: b`].map(
      (value): Case => ({
        name: `value ${shown(value)}`,
        source: 'RFC 9110 §5.5',
        level: 'MUST',
        send: get(`X-A: ${value}`),
        expect: [refused(400), passed({ lacks: ['x-b'], has: { 'x-a': /^ ?a ?(?:b|X-B: b)?$/ } })],
      }),
    ),
  ),
  ...['\x01', '\x02', '\x07', '\x08', '\x0b', '\x0c', '\x0e', '\x1b', '\x1f', '\x7f'].map(
    (c): Case => ({
      name: `value a${shown(c)}b`,
      source: 'RFC 9110 §5.5',
      level: 'defence',
      send: get(`X-A: a${c}b`),
      expect: [refused(400), passed({ has: { 'x-a': 'a b' } }), passed({ lacks: ['x-a'] })],
    }),
  ),
  {
    name: 'a bare LF ends the line for all or for none',
    source: 'RFC 9112 §2.2',
    level: 'defence',
    send: get('X-A: a\nX-B: b'),
    expect: [refused(400), passed({ has: { 'x-a': 'a', 'x-b': 'b' } })],
  },
  {
    name: 'two bare LFs end the head for all or for none',
    source: 'RFC 9112 §2.2',
    level: 'defence',
    send: `GET /@0/x HTTP/1.1\r\n${HOST}\r\nX: y\n\nGET /@0/y HTTP/1.1\r\n${HOST}\r\n\r\n`,
    expect: [refused(400), { status: 200, statuses: [200, 200], upstream: [{ target: '/@0/x' }, { target: '/@0/y' }] }],
  },
]

const values: Case[] = (
  [
    ['empty', '', ''],
    ['nothing but white space', ' \t ', ''],
    ['white space around it', ' \t a \t ', 'a'],
    ['white space in it', 'a \t  b', 'a \t  b'],
    ['latin-1', '\xe4\xf6\xfc', '\xe4\xf6\xfc'],
    ['UTF-8', '\xc3\xa4\xe2\x82\xac', '\xc3\xa4\xe2\x82\xac'],
    ['bytes from 0x80 on', '\x80\x85\xa0\xff', '\x80\x85\xa0\xff'],
    ['punctuation', '"a\\"b", c; d=<e>, (f)', '"a\\"b", c; d=<e>, (f)'],
    ['a colon', ': a: b', ': a: b'],
    ['4000 bytes', 'x'.repeat(4000), 'x'.repeat(4000)],
  ] as const
).map(([name, value, wanted]) => ({
  name: `value, ${name}`,
  source: 'RFC 9110 §5.5',
  level: 'MUST',
  send: get(`X-A: ${value}`),
  expect: passed({ has: { 'x-a': wanted } }),
}))

const order: Case[] = [
  {
    name: 'fields of one name keep their order, in any case',
    source: 'RFC 9110 §5.3',
    level: 'MUST',
    send: get('X-A: 1', 'X-B: b', 'x-a: 2', 'X-a: 3'),
    expect: passed({ has: { 'x-a': /^1, ?2, ?3$/, 'x-b': 'b' } }),
  },
  {
    name: 'Cookie twice',
    source: 'RFC 9110 §5.3',
    level: 'MUST',
    send: get('Cookie: a=1', 'Cookie: b=2'),
    expect: passed({ has: { cookie: /^a=1(?:,|;) b=2$/ } }),
  },
  {
    name: 'Authorization, Accept, Range and the like pass',
    source: 'RFC 9110 §7.6.1',
    level: 'MUST',
    send: get('Authorization: Basic eA==', 'Accept: a/b', 'Range: bytes=0-1', 'If-Match: "a"', 'From: a@a.test'),
    expect: passed({
      has: { authorization: 'Basic eA==', accept: 'a/b', range: 'bytes=0-1', 'if-match': '"a"', from: 'a@a.test' },
    }),
  },
  {
    name: 'Content-Encoding, Content-Type and Content-Location pass with their body',
    source: 'RFC 9110 §7.7',
    level: 'MUST',
    send: `${head('PUT /@0/x HTTP/1.1', HOST, 'Content-Encoding: gzip', 'Content-Type: a/b', 'Content-Location: /y', 'Content-Length: 3')}\x1f\x8b\x00`,
    expect: passed({
      body: '\x1f\x8b\x00',
      has: { 'content-encoding': 'gzip', 'content-type': 'a/b', 'content-location': '/y' },
    }),
  },
  {
    name: 'Date, User-Agent and Accept-Encoding are not made up',
    source: 'RFC 9110 §10.1.5',
    level: 'SHOULD',
    send: get(),
    expect: passed({
      lacks: ['date', 'user-agent', 'accept-encoding', 'accept', 'content-length', 'transfer-encoding'],
    }),
  },
]

export const fields: Group = {
  name: 'fields',
  cases: [...colon, ...folded, ...first, ...names, ...lines, ...odd, ...underscores, ...controls, ...values, ...order],
}
