import { type Case, CHUNKED, type Group, HELLO, HOST, head, passed, refused, shown } from '../case.ts'

const plain: Case[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({
  name: method,
  source: 'RFC 9110 §9.3',
  level: 'MUST',
  send: head(`${method} /@0/x HTTP/1.1`, HOST, ...(/^P/.test(method) ? ['Content-Length: 0'] : [])),
  expect: passed({ method, body: '' }, { body: method === 'HEAD' ? '' : `ok ${method} /@0/x` }),
}))

const withBody: Case[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap((method): Case[] => [
  {
    name: `${method} with a body by length`,
    source: 'RFC 9112 §6: framing does not depend on the method',
    level: 'MUST',
    send: `${head(`${method} /@0/x HTTP/1.1`, HOST, 'Content-Length: 5')}hello`,
    expect: /^(?:GET|HEAD|DELETE|OPTIONS)$/.test(method)
      ? [passed({ method, body: 'hello' }), refused()]
      : passed({ method, body: 'hello' }),
  },
  {
    name: `${method} with a chunked body`,
    source: 'RFC 9112 §6: framing does not depend on the method',
    level: 'MUST',
    send: head(`${method} /@0/x HTTP/1.1`, HOST, CHUNKED) + HELLO,
    expect: /^(?:GET|HEAD|DELETE|OPTIONS)$/.test(method)
      ? [passed({ method, body: 'hello' }), refused()]
      : passed({ method, body: 'hello' }),
  },
])

const extension: Case[] = ['PROPFIND', 'M-SEARCH', 'PURGE', 'QUERY', 'REPORT', 'LINK'].map((method) => ({
  name: `${method} is known to some`,
  source: 'RFC 9110 §9.1, §16.1',
  level: 'SHOULD',
  send: head(`${method} /@0/x HTTP/1.1`, HOST),
  expect: [passed({ method }), refused(405, 501)],
}))

const unknown: Case[] = [
  'FOO',
  'GETT',
  'GE',
  'X-FOO',
  'foo',
  'get',
  'Get',
  'post',
  '!',
  "#$%&'*+.^_`|~",
  'PRI',
  '0',
].map((method) => ({
  name: `${shown(method)} is known to nobody, and no other method`,
  source: 'RFC 9110 §9.1',
  level: 'SHOULD',
  send: head(`${method} /@0/x HTTP/1.1`, HOST),
  expect: [passed({ method }), refused(405, 501)],
}))

const others: Case[] = [
  {
    name: 'TRACE does not carry credentials on',
    source: 'RFC 9110 §9.3.8, §17.5',
    level: 'defence',
    send: head('TRACE /@0/x HTTP/1.1', HOST, 'Authorization: Basic eA==', 'Cookie: a=b'),
    expect: [refused(405, 501), passed({ method: 'TRACE', lacks: ['authorization', 'cookie'] })],
  },
  {
    name: 'TRACE with a body',
    source: 'RFC 9110 §9.3.8',
    level: 'defence',
    send: `${head('TRACE /@0/x HTTP/1.1', HOST, 'Content-Length: 5')}hello`,
    expect: refused(),
  },
  {
    name: 'X-HTTP-Method-Override changes nothing',
    source: 'RFC 9110 §9.1',
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.1', HOST, 'X-HTTP-Method-Override: DELETE'),
    expect: passed({ method: 'GET' }),
  },
  {
    name: 'a method of 10 KB',
    source: 'RFC 9112 §3',
    level: 'SHOULD',
    send: head(`${'A'.repeat(10_000)} /@0/x HTTP/1.1`, HOST),
    expect: [refused(400, 405, 413, 414, 431, 501)],
  },
]

export const methods: Group = { name: 'methods', cases: [...plain, ...withBody, ...extension, ...unknown, ...others] }
