import { type Case, type Expect, type Group, get, HELLO, head, shown } from '../case.ts'
import { distrusted, respond } from './framing.ts'

const ok = 'Content-Length: 5'

const passes: Case[] = (
  [
    [
      'Set-Cookie stays apart, in order',
      ['Set-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'Set-Cookie: b=2', 'set-cookie: c=3'],
      { 'set-cookie': ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2', 'c=3'] },
    ],
    ['fields of one name keep their order', ['X: 1', 'Y: y', 'x: 2', 'X: 3'], { x: /^1, ?2, ?3$/, y: 'y' }],
    [
      'WWW-Authenticate twice',
      ['WWW-Authenticate: Basic realm="a"', 'WWW-Authenticate: Bearer'],
      { 'www-authenticate': /^Basic realm="a", ?Bearer$/ },
    ],
    ['latin-1 and other bytes', ['X: \xe4\x80\xff'], { x: '\xe4\x80\xff' }],
    ['an empty value', ['X:'], { x: '' }],
    ['white space around a value', ['X: \t y \t'], { x: 'y' }],
    ['Server', ['Server: fred/1'], { server: 'fred/1' }],
    ['Date is the origin’s', ['Date: Wed, 21 Oct 2026 07:28:00 GMT'], { date: 'Wed, 21 Oct 2026 07:28:00 GMT' }],
    [
      'ETag, Last-Modified and Vary',
      ['ETag: "a"', 'Last-Modified: Wed, 21 Oct 2026 07:28:00 GMT', 'Vary: X'],
      { etag: '"a"', 'last-modified': 'Wed, 21 Oct 2026 07:28:00 GMT', vary: 'X' },
    ],
    ['Location as it is', ['Location: http://b.test/x'], { location: 'http://b.test/x' }],
    ['Cache-Control', ['Cache-Control: private="x"'], { 'cache-control': 'private="x"' }],
    ['Content-Encoding', ['Content-Encoding: gzip'], { 'content-encoding': 'gzip' }],
    ['Proxy-Status of those behind', ['Proxy-Status: b; error=dns_error'], { 'proxy-status': /^b; error=dns_error/ }],
    ['odd names', ["!#$%&'*+-.^_`|~: y", '__proto__: z'], { "!#$%&'*+-.^_`|~": 'y' }],
    ['a value of 4000 bytes', [`X: ${'x'.repeat(4000)}`], { x: 'x'.repeat(4000) }],
  ] as const
).map(([name, lines, has]) => ({
  name: `fields, ${name}`,
  source: 'RFC 9110 §5.3, §7.7',
  level: 'MUST',
  send: get(),
  answer: `${respond(...lines, ok)}hello`,
  expect: {
    status: 200,
    body: 'hello',
    connection: 'kept',
    has,
  } as Expect,
}))

const early: Case = {
  name: 'fields, latin-1 in a head that goes on before its body',
  source: 'RFC 9110 §5.5',
  level: 'MUST',
  send: get(),
  answer: [respond('X: \xe4\x80\xff', ok), { pause: 30 }, 'hello'],
  expect: { status: 200, body: 'hello', connection: 'kept', has: { x: '\xe4\x80\xff' } },
}

const expecting: Case = {
  ...early,
  name: 'fields, latin-1 beside an Expect, which means nothing here',
  answer: `${respond('Expect: 100-continue', 'X: \xe4\x80\xff', ok)}hello`,
}

const dropped: Case[] = (
  [
    ['what Connection names', ['Connection: x-a', 'X-A: 1'], ['x-a']],
    [
      'what Connection names in a list, in any case',
      ['Connection: keep-alive, X-a ,x-b', 'x-A: 1', 'X-B: 2'],
      ['x-a', 'x-b'],
    ],
    ['what a second Connection names', ['Connection: x-b', 'Connection: x-a', 'X-A: 1'], ['x-a']],
    ['Keep-Alive', ['Keep-Alive: timeout=99'], []],
    ['Proxy-Connection', ['Proxy-Connection: keep-alive'], ['proxy-connection']],
    ['Upgrade', ['Upgrade: h2c', 'Connection: upgrade'], ['upgrade']],
  ] as const
).map(([name, lines, lacks]) => ({
  name: `removed, ${name}`,
  source: 'RFC 9110 §7.6.1',
  level: 'MUST',
  send: get(),
  answer: `${respond(...lines, ok)}hello`,
  expect: { status: 200, body: 'hello', lacks, lacksValue: { 'keep-alive': '99' } },
}))

const malformed: Case[] = [
  'no colon',
  ': no name',
  'X A: v',
  'X A : v',
  ' : no name',
  '\tX : v',
  'X-A : v\x00',
  'X-A : v\rX-B : w',
  'X\x00 : v',
  'X(A): v',
  'X\x00A: v',
  'X\x7fA: v',
  '\x0bX: v',
  'X\xe4: v',
].map((line) => ({
  name: `bad field, ${shown(line)}`,
  source: 'RFC 9112 §5',
  level: 'MUST',
  send: get(),
  answer: `${respond(line, ok)}hello`,
  // The strict reader of the client finds what is passed on.
  expect: [distrusted, { status: 200, body: 'hello', connection: 'kept' }],
}))

const repaired: Case[] = (
  [
    ['a folded line', 'X-A: a\r\n b', 'RFC 9112 §5.2'],
    ['a line folded with a tab', 'X-A: a\r\n\tb', 'RFC 9112 §5.2'],
    ['NUL in a value', 'X-A: a\x00b', 'RFC 9110 §5.5'],
    ['CR in a value', 'X-A: a\rb', 'RFC 9110 §5.5'],
    ['another control in a value', 'X-A: a\x01b', 'RFC 9110 §5.5'],
    ['a field behind CR', 'X-A: a\rX-B: b', 'RFC 9110 §5.5'],
  ] as const
).map(([name, line, source]) => ({
  name: `repaired or refused, ${name}`,
  source,
  level: 'MUST',
  send: get(),
  answer: `${respond(line, ok)}hello`,
  expect: [distrusted, { status: 200, body: 'hello', connection: 'kept', lacks: ['x-b'] }],
}))

const spaced: Case[] = (
  [
    ['a space', respond('X-A : v : w', ok), 'hello'],
    ['a tab', respond('X-A\t: v : w', ok), 'hello'],
    ['several of both', respond('X-A \t \t : v : w', ok), 'hello'],
    ['before Content-Length', respond('X-A: v : w', 'Content-Length : 5'), 'a : b'],
    ['before Transfer-Encoding', respond('X-A : v : w', 'Transfer-Encoding : chunked'), HELLO],
    ['behind an interim head', head('HTTP/1.1 103 X', 'Link : </a>') + respond('X-A : v : w', ok), 'hello'],
  ] as const
).flatMap(([name, lines, body]): Case[] => {
  const whole = lines + body
  const one: Case = {
    name: `white space before a colon is removed, ${name}`,
    source: 'RFC 9112 §5.1',
    level: 'MUST',
    send: get(),
    answer: whole,
    expect: {
      status: 200,
      body: body === HELLO ? 'hello' : body,
      connection: 'kept',
      reused: true,
      has: { 'x-a': 'v : w' },
    },
  }
  return [
    one,
    { ...one, name: `${one.name}, byte by byte`, answer: [...whole].flatMap((byte) => [byte, { pause: 1 }]) },
  ]
})

const hidden: Case[] = (
  [
    ['Content-Length with a space before the colon', 'Content-Length : 5'],
    ['Transfer-Encoding with a space before the colon', 'Transfer-Encoding : chunked'],
    ['Transfer-Encoding on a folded line', 'Transfer-Encoding:\r\n chunked'],
    ['Transfer-Encoding behind CR', 'X: y\rTransfer-Encoding: chunked'],
  ] as const
).map(([name, line]) => ({
  name: `hidden framing, ${name}`,
  source: 'RFC 9112 §5.1, §5.2, §11.1',
  level: 'defence',
  send: get(),
  answer: [`${respond('Content-Length: 15', line)}5\r\nhello\r\n0\r\n\r\n`, { pause: 20 }, 'END'],
  expect: [
    distrusted,
    { status: 200, body: '5\r\nhello\r\n0\r\n\r\n', connection: 'kept' },
    { status: 200, body: 'hello', connection: 'kept', lacks: ['content-length'], reused: false },
  ],
}))

const own: Case[] = [
  {
    name: 'Via is added',
    source: 'docs/filters/proxy.md, RFC 9110 §7.6.3',
    level: 'SHOULD',
    send: get(),
    answer: `${respond('Via: 1.0 fred', ok)}hello`,
    expect: { status: 200, has: { via: /^1\.0 fred, ?1\.1 [\w.-]+$/ } },
  },
  {
    name: 'Proxy-Status is the gateway’s when it answers itself',
    source: 'RFC 9209 §2',
    level: 'MUST',
    send: get(),
    answer: [head('nonsense'), 'END'],
    expect: {
      status: 502,
      has: { 'proxy-status': 'weir; error=http_protocol_error', 'content-type': /problem\+json/ },
    },
    only: 'weir',
  },
  {
    name: 'a Date where the origin sent none',
    source: 'RFC 9110 §6.6.1',
    level: 'SHOULD',
    send: get(),
    answer: `${respond(ok)}hello`,
    expect: { status: 200, has: { date: /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/ } },
  },
  {
    name: 'Connection: close of the upstream is its own affair',
    source: 'RFC 9112 §9.6',
    level: 'SHOULD',
    send: get(),
    answer: [`${respond('Connection: close', ok)}hello`, 'END'],
    expect: { status: 200, body: 'hello', connection: 'kept', reused: false },
  },
]

const address = 'Location: /@0/y'

/** The upstream's base path is the name of the endpoint here, so that what it dropped and what it adds are the same. */
const mapped: Case[] = (
  [
    ['a path below the base path', address, { location: '/@0/y' }],
    ['a path that is not below it', 'Location: /other', { location: '/other' }],
    ['a path that looks like a host', 'Location: //b.test/@0', { location: '//b.test/@0' }],
    ['a relative reference', 'Location: ../y?a#b', { location: '../y?a#b' }],
    [
      'Content-Location elsewhere',
      'Content-Location: http://b.test/@0/y',
      { 'content-location': 'http://b.test/@0/y' },
    ],
    ['Path of a cookie', 'Set-Cookie: a=b; Path=/@0/y', { 'set-cookie': 'a=b; Path=/@0/y' }],
  ] as const
).map(([name, line, has]) => ({
  name: `mapped, ${name}`,
  source: 'docs/filters/proxy.md, RFC 9110 §10.2.2',
  level: 'SHOULD',
  send: get(),
  answer: `${respond(line, ok)}hello`,
  expect: { status: 200, body: 'hello', connection: 'kept', has } as Expect,
}))

export const responseFields: Group = {
  name: 'response fields',
  cases: [...passes, early, expecting, ...dropped, ...malformed, ...repaired, ...spaced, ...hidden, ...mapped, ...own],
}
