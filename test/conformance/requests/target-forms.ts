import { type Case, type Group, get, HOST, head, passed, refused, shown } from '../case.ts'
import { inside, to } from './targets.ts'

const absolute: Case[] = [
  ...[
    'http://a.test/@0/x',
    'HTTP://a.test/@0/x',
    'http://A.TEST/@0/x',
    'http://a.test:80/@0/x',
    'http://[::1]/@0/x',
  ].map(
    (target): Case => ({
      name: `absolute form, ${target}`,
      source: 'RFC 9112 §3.2.2',
      level: 'MUST',
      send: to(target),
      expect: passed({ target: '/@0/x' }),
    }),
  ),
  {
    name: 'absolute form with a query',
    source: 'RFC 9112 §3.2.2',
    level: 'MUST',
    send: to('http://a.test/@0/x?a=http://b.test/'),
    expect: passed({ target: '/@0/x?a=http://b.test/' }),
  },
  {
    name: 'absolute form: its authority replaces Host',
    source: 'RFC 9112 §3.2.2',
    level: 'MUST',
    send: head('GET http://b.test/@h/x HTTP/1.1', HOST),
    expect: [refused(400, 421), passed({ target: '/@h/x', has: { host: 'b.test' } })],
  },
  {
    name: 'absolute form: its authority with a port replaces Host',
    source: 'RFC 9112 §3.2.2',
    level: 'MUST',
    send: head('GET http://b.test:8080/@h/x HTTP/1.1', HOST),
    expect: [refused(400, 421), passed({ target: '/@h/x', has: { host: 'b.test:8080' } })],
  },
  {
    name: 'absolute form: X-Forwarded-Host and Forwarded tell its authority',
    source: 'RFC 9112 §3.2.2, RFC 7239 §5.3',
    level: 'MUST',
    send: head('GET http://b.test/@0/x HTTP/1.1', HOST),
    expect: [refused(400, 421), passed({ has: { 'x-forwarded-host': 'b.test', forwarded: /host="?b\.test"?/ } })],
  },
  {
    name: 'absolute form without Host',
    source: 'RFC 9112 §3.2',
    level: 'MUST',
    send: head('GET http://a.test/@0/x HTTP/1.1'),
    expect: refused(400),
  },
  {
    name: 'absolute form with an empty host',
    source: 'RFC 9110 §4.2.1',
    level: 'MUST',
    send: to('http:///@0/x'),
    expect: refused(),
  },
  {
    name: 'absolute form with user information',
    source: 'RFC 9110 §4.2.4',
    level: 'SHOULD',
    send: to('http://a.test@b.test/@0/x'),
    expect: refused(),
  },
  ...['http:/@0/x', 'http:@0/x', 'http//a.test/@0/x', '://a.test/@0/x', 'http://a.test\\@0/x', 'http://a b/@0/x'].map(
    (target): Case => ({
      name: `malformed absolute form, ${shown(target)}`,
      source: 'RFC 9112 §3.2.2',
      level: 'SHOULD',
      send: to(target),
      expect: refused(),
    }),
  ),
  {
    name: 'absolute form of a scheme that is not served',
    source: 'RFC 9110 §7.4',
    level: 'defence',
    send: to('ftp://a.test/@0/x'),
    expect: refused(),
  },
  {
    name: 'absolute form without a path is not of the route',
    source: 'RFC 9112 §3.2.2',
    level: 'MUST',
    send: to('http://a.test'),
    expect: refused(),
  },
  {
    name: 'absolute form whose authority looks like the route',
    source: 'RFC 9112 §3.2.2',
    level: 'MUST',
    send: to('http://@0/x'),
    expect: refused(),
  },
  {
    name: 'absolute form with dot segments',
    source: 'RFC 3986 §5.2.4',
    level: 'defence',
    send: to('http://a.test/@0/../secret'),
    expect: inside,
  },
]

const special: Case[] = [
  {
    name: 'OPTIONS * asks the gateway',
    source: 'RFC 9110 §9.3.7',
    level: 'MUST',
    send: to('*', 'OPTIONS'),
    expect: { status: [200, 204, 400, 404, 405, 501, 503], upstream: [] },
  },
  { name: 'GET *', source: 'RFC 9112 §3.2.4', level: 'MUST', send: to('*'), expect: refused() },
  {
    name: 'authority form with GET',
    source: 'RFC 9112 §3.2.3',
    level: 'MUST',
    send: to('a.test:80'),
    expect: refused(),
  },
  ...['a.test:443', '127.0.0.1:22', '/@0/x', 'http://a.test/@0/x', 'a.test', 'a.test:', '*'].map(
    (target): Case => ({
      name: `CONNECT ${target}`,
      source: 'RFC 9110 §9.3.6',
      level: 'MUST',
      send: to(target, 'CONNECT'),
      expect: refused(),
    }),
  ),
  {
    name: 'a request line of 8000 bytes',
    source: 'RFC 9112 §3',
    level: 'SHOULD',
    send: to(`/@0/${'x'.repeat(7983)}`),
    expect: passed({ target: `/@0/${'x'.repeat(7983)}` }),
  },
  {
    name: 'a target of 100 KB',
    source: 'RFC 9112 §3',
    level: 'MUST',
    send: to(`/@0/${'x'.repeat(100_000)}`),
    expect: refused(414, 431, 400),
  },
  {
    name: 'a target of 100 KB is too long, and the answer says so',
    source: 'RFC 9112 §3',
    level: 'MUST',
    send: to(`/@0/${'x'.repeat(100_000)}`),
    expect: refused(414),
  },
  { name: 'the plain target', source: 'RFC 9112 §3.2.1', level: 'MUST', send: get(), expect: passed() },
]

export const targetForms: Group = { name: 'target forms', cases: [...absolute, ...special] }
