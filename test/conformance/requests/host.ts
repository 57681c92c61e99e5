import { type Case, type Group, head, passed, refused, shown } from '../case.ts'

const withHost = (value: string): string => head('GET /@h/x HTTP/1.1', `Host: ${value}`)

const valid: Case[] = ['a.test', 'A.Test', 'a.test.', '127.0.0.1', 'xn--4ca.test', 'a_b.test', 'localhost'].map(
  (host) => ({
    name: `Host: ${host}`,
    source: 'RFC 9110 §7.2',
    level: 'MUST',
    send: withHost(host),
    expect: passed({
      target: '/@h/x',
      has: { host: new RegExp(`^${host.replaceAll('.', '\\.').replace(/\\\.$/, '\\.?')}$`, 'i') },
    }),
  }),
)

const ports: Case[] = ['a.test:8080', 'a.test:80', '[::1]:8080', '[::1]', '[2001:db8::1]:1'].map((host) => ({
  name: `Host: ${host}`,
  source: 'RFC 9110 §7.2',
  level: 'SHOULD',
  send: withHost(host),
  expect: passed({ target: '/@h/x', has: { host } }),
}))

const invalid: Case[] = [
  'a b',
  'a.test b.test',
  'a/b',
  'a.test/@0/y',
  'a?b',
  'a#b',
  'u@a.test',
  'u:p@a.test',
  'a:b:c',
  'a.test:port',
  'a.test:80:80',
  'a.test:-1',
  'a.test:80a',
  '[::1',
  '::1',
  '[]',
  '[::1]x',
  '[a.test]',
  'a\\b',
  '<a>',
  '"a"',
  'a{}',
  'a|b',
  'a^b',
  'a`b',
  'a\tb',
  'a\x00',
  'a\x01b',
  'a\x7f',
  '\xe4.test',
  'a%zz',
  'a%4g',
  'a%',
  'http://a.test',
].map((host) => ({
  name: `bad, Host: ${shown(host)}`,
  source: 'RFC 9112 §3.2',
  level: 'MUST',
  send: withHost(host),
  expect: refused(400),
}))

const doubtful: Case[] = [
  'a.test:',
  'a.test:99999',
  'a,b',
  'a.test, b.test',
  '%61.test',
  'a..test',
  '.',
  '*',
  'a;b',
].map((host) => ({
  name: `valid by its grammar alone, Host: ${shown(host)}`,
  source: 'RFC 9110 §7.2, RFC 3986 §3.2',
  level: 'defence',
  send: withHost(host),
  expect: [refused(), { status: 200, upstream: [{ target: '/@h/x' }] }],
}))

const several: Case[] = (
  [
    ['the same', 'Host: a.test', 'Host: a.test'],
    ['different', 'Host: a.test', 'Host: b.test'],
    ['the second empty', 'Host: a.test', 'Host:'],
    ['the first empty', 'Host:', 'Host: a.test'],
    ['in another case', 'Host: a.test', 'hOST: b.test'],
    ['others between', 'Host: a.test', 'X: y', 'Host: b.test'],
  ] as const
).map(([name, ...lines]) => ({
  name: `two, ${name}`,
  source: 'RFC 9112 §3.2',
  level: 'MUST',
  send: head('GET /@h/x HTTP/1.1', ...lines),
  expect: refused(400),
}))

const others: Case[] = [
  { name: 'none', source: 'RFC 9112 §3.2', level: 'MUST', send: head('GET /@0/x HTTP/1.1'), expect: refused(400) },
  {
    name: 'none, with a body',
    source: 'RFC 9112 §3.2',
    level: 'MUST',
    send: `${head('POST /@0/x HTTP/1.1', 'Content-Length: 5')}hello`,
    expect: refused(400),
  },
  {
    name: 'empty, where the target has no authority',
    source: 'RFC 9112 §3.2',
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.1', 'Host:'),
    expect: [refused(400), passed()],
  },
  {
    name: 'as the last field, in capitals',
    source: 'RFC 9110 §5.1',
    level: 'MUST',
    send: head('GET /@h/x HTTP/1.1', 'X: y', 'HOST: a.test'),
    expect: passed({ target: '/@h/x', has: { host: 'a.test', x: 'y' } }),
  },
  {
    name: 'white space around it is none of it',
    source: 'RFC 9112 §5.1',
    level: 'MUST',
    send: head('GET /@h/x HTTP/1.1', 'Host: \t a.test \t'),
    expect: passed({ target: '/@h/x', has: { host: 'a.test' } }),
  },
  ...['Host : a.test', 'Host\t: a.test', ' Host: a.test', 'Host\x00: a.test', 'Host'].map(
    (line): Case => ({
      name: `no Host, ${shown(line)}`,
      source: 'RFC 9112 §5.1, §3.2',
      level: 'MUST',
      send: head('GET /@0/x HTTP/1.1', line),
      expect: refused(400),
    }),
  ),
  {
    name: 'folded',
    source: 'RFC 9112 §5.2',
    level: 'MUST',
    send: head('GET /@h/x HTTP/1.1', 'Host: a.test', ' b.test'),
    expect: refused(400),
  },
  {
    name: 'the upstream gets its own where the client’s is not kept',
    source: 'docs/filters/proxy.md',
    level: 'MUST',
    send: head('GET /@0/x HTTP/1.1', 'Host: a.test'),
    expect: passed({ has: { host: 'upstream', 'x-forwarded-host': 'a.test' } }),
    only: 'weir',
  },
  {
    name: 'first of all fields at the upstream or not, it is there once',
    source: 'RFC 9112 §3.2',
    level: 'MUST',
    send: head('GET /@h/x HTTP/1.1', 'A: 1', 'Host: a.test', 'B: 2'),
    expect: passed({ target: '/@h/x', has: { host: ['a.test'], a: '1', b: '2' } }),
  },
]

export const host: Group = { name: 'host', cases: [...valid, ...ports, ...invalid, ...doubtful, ...several, ...others] }
