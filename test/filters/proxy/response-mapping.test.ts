import t from 'tap'
import type { Exchange } from '../../../core/index.ts'
import { type MappingRules, ResponseMapping } from '../../../filters/proxy/response-mapping.ts'
import { sendRaw } from '../../support/client.ts'
import { proxiedRaw } from './support.ts'

const AUTO: MappingRules = { location: true, cookiePath: 'auto', cookieDomain: {} }
const target = (origin: string, basePath: string) => ({ url: '', origin, host: '', basePath, weight: 1 })
const TARGETS = [target('http://up.test:8080', '/base'), target('https://other.test', '')]

interface Asked {
  readonly path?: string
  /** What of it goes upstream. */
  readonly rest?: string
  readonly host?: string
  readonly base?: string
}

const asked = ({ path = '/shop/x', rest = '/x', host = 'gw.test' }: Asked): Exchange =>
  ({
    request: { path },
    route: { path: rest },
    downstream: { scheme: 'https', publicHost: host },
  }) as unknown as Exchange

function location(value: string, by: Asked = {}, rules: Partial<MappingRules> = {}): string {
  const { base = '/base' } = by
  const targets = base === '/base' ? TARGETS : [target('http://up.test:8080', base)]
  return new ResponseMapping(targets[0]!, targets, { ...AUTO, ...rules }).location(value, asked(by))
}

t.test('what leads to a target leads to the gateway', async (t) => {
  for (const [from, to] of [
    ['http://up.test:8080/base/y?a=b#c', 'https://gw.test/shop/y?a=b#c'],
    ['HTTP://UP.test:8080/base', 'https://gw.test/shop'],
    ['http://up.test:8080/base?q', 'https://gw.test/shop?q'],
    ['//up.test:8080/base/y', 'https://gw.test/shop/y'],
    ['https://other.test/y', 'https://gw.test/shop/y'],
    ['https://other.test:443/y', 'https://gw.test/shop/y'],
    ['https://other.test', 'https://gw.test/shop'],
    ['/base/y?u=http://up.test:8080/base', '/shop/y?u=http://up.test:8080/base'],
    ['/base', '/shop'],
    ['/base/', '/shop/'],
  ] as const)
    t.equal(location(from), to, from)
  t.equal(location('/base', { path: '/x' }), '/', 'nothing was dropped')
  t.equal(location('http://up.test:8080/base/y', { host: '' }), '/shop/y', 'a client without a Host')
})

t.test('what leads elsewhere, or is relative, stays', async (t) => {
  for (const same of [
    ...[
      'http://elsewhere.test/base/y',
      'http://up.test/base/y',
      'https://up.test:8080/base',
      'http://up.test:80800/base',
    ],
    ...['http://up.test:8080@evil.test/base', 'http://up.test:8080.evil.test/', 'http://up.test:8080\\@evil.test/base'],
    ...['http://evil.test/http://up.test:8080/base', '//elsewhere.test/base', '/\\elsewhere.test/base'],
    ...['/based/y', '/other', 'y', '../y', '?q', '#f', '', 'mailto:a@up.test:8080', 'http://up.test:8080/other'],
    ...['/shop/y', '/shop'],
  ])
    t.equal(location(same), same, same)
  t.equal(location('http://up.test:8080/base/y', {}, { location: false }), 'http://up.test:8080/base/y')
})

t.test('no path becomes a host', async (t) => {
  const kept = { path: '/x', rest: '/x' }
  t.equal(location('/base//evil.test/y', kept), 'https://gw.test//evil.test/y')
  t.equal(location('/base/\\evil.test', kept), 'https://gw.test/\\evil.test')
  t.equal(location('/base/\t\t/evil.test', kept), 'https://gw.test/\t\t/evil.test', 'browsers remove tabs')
  t.equal(location('http://up.test:8080/base//evil.test', kept), 'https://gw.test//evil.test')
  for (const value of ['/base//evil.test', '/base/\t\\evil.test', 'http://up.test:8080/base//evil.test'])
    t.equal(location(value, { ...kept, host: '' }), value)
  const bytes = { base: '', rest: '/x' }
  for (const path of ['//evil.test/x', '/a;b/x', '/a\\b/x', '/a"b/x'])
    t.equal(location('/y', { ...bytes, path }), '/y', `the prefix of ${path} is not repeated`)
})

function cookie(value: string, by: Asked = {}, rules: Partial<MappingRules> = {}): string {
  const { base = '/base' } = by
  const one = target('http://up.test', base)
  return new ResponseMapping(one, [one], { ...AUTO, ...rules }).setCookie(value, asked(by))
}

t.test('Path of a cookie', async (t) => {
  t.equal(cookie('a=b; Path=/base/cart; HttpOnly'), 'a=b; Path=/shop/cart; HttpOnly')
  t.equal(cookie('a=b;path = /base ;x'), 'a=b; path=/shop;x')
  t.equal(cookie('a=b; Path=/cart', { base: '' }), 'a=b; Path=/shop/cart')
  for (const same of [
    ...[
      'a=b',
      'path=/base; Secure',
      'a=b; Path=/',
      'a=b; Path=/other',
      'a=b; Path=/shop/x',
      'a=b; Path=base',
      'a=b; Path',
    ],
    ...['__Host-a=b; Path=/base', 'a="b; c"; Expires=Wed, 21 Oct 2026 07:28:00 GMT;', 'a=b; Domain=up.test'],
  ])
    t.equal(cookie(same), same, same)
  t.equal(cookie('a=b; Path=/base/cart', {}, { cookiePath: undefined }), 'a=b; Path=/base/cart')
  const rules = { cookiePath: { '/': '/all', '/cart/': '/shop/cart', '/gone': '/' } }
  for (const [from, to] of [
    ['/', '/all'],
    ['/cart/x', '/shop/cart/x'],
    ['/cartoon', '/all/cartoon'],
    ['/gone', '/'],
    ['/gone/x', '/x'],
  ] as const)
    t.equal(cookie(`a=b; Path=${from}`, {}, rules), `a=b; Path=${to}`, from)
  for (const name of ['__Host-a', ' __host-a']) t.equal(cookie(`${name}=b; Path=/`, {}, rules), `${name}=b; Path=/`)
  for (const pair of ['x__Host-a=b', 'a=__Host-b']) t.not(cookie(`${pair}; Path=/`, {}, rules), `${pair}; Path=/`)
  t.equal(cookie('a=b; Path=/x', { path: '/a;Domain=evil.test/x' }), 'a=b; Path=/x')
})

t.test('Domain of a cookie', async (t) => {
  const rules = { cookieDomain: { 'up.test': 'gw.test', 'gone.test': '' } }
  t.equal(cookie('a=b; Domain=.UP.test; Secure', {}, rules), 'a=b; Domain=gw.test; Secure')
  t.equal(cookie('a=b; Domain=gone.test; Secure', {}, rules), 'a=b; Secure')
  for (const same of ['a=b; Domain=x.up.test', 'a=b; Domain=constructor', 'domain=up.test'])
    t.equal(cookie(same, {}, rules), same)
})

// traefik/traefik#6880, envoyproxy/envoy#5528, Kong/kong#6222: a stripped prefix that nobody puts back.
t.test('over the wire', async (t) => {
  let seen = ''
  const { port } = await proxiedRaw(
    t,
    (socket) =>
      socket.on('data', (head) => {
        seen = String(head)
        const host = /^host: (.*)\r$/im.exec(seen)![1]
        socket.write(
          `HTTP/1.1 201 Created\r\nLocation: http://${host}/y\r\ncontent-location: /z\r\nSet-Cookie: a=b; Path=/cart\r\nSet-Cookie: c=d; Domain=up.test\r\nContent-Length: 0\r\n\r\n`,
        )
      }),
    { proxy: { cookie_domain: { '.UP.test': '' } }, trustedProxies: ['127.0.0.1'] },
  )
  const get = (fields: string) =>
    sendRaw(port, `GET /api/x HTTP/1.1\r\nHost: gw.test:81\r\nConnection: close\r\n${fields}\r\n`)
  const response = await get('')
  t.match(
    response,
    '\r\nLocation: http://gw.test:81/api/y\r\ncontent-location: /api/z\r\nSet-Cookie: a=b; Path=/api/cart\r\n',
  )
  t.match(response, '\r\nSet-Cookie: c=d\r\n')
  t.match(seen, '\r\nX-Forwarded-Prefix: /api\r\n')
  await get('X-Forwarded-Prefix: /outer/\r\nX-Forwarded-Prefix: /inner\r\n')
  t.match(seen, '\r\nX-Forwarded-Prefix: /outer/inner/api\r\n', 'after those of trusted proxies')
  for (const wrong of [
    '//evil.test',
    'http://evil.test',
    '/\\evil.test',
    '/\t/evil.test',
    '/a;b',
    '/,//evil.test',
    '/a"b',
  ]) {
    await get(`X-Forwarded-Prefix: ${wrong}\r\n`)
    t.match(seen, '\r\nX-Forwarded-Prefix: /api\r\n', `not ${wrong}, which a stranger may have written`)
  }
})

t.test('X-Forwarded-Prefix of a stranger', async (t) => {
  let seen = ''
  const { port } = await proxiedRaw(t, (socket) =>
    socket.on('data', (head) => {
      seen = String(head)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    }),
  )
  await sendRaw(port, 'GET /api HTTP/1.1\r\nHost: a\r\nX-Forwarded-Prefix: /evil\r\nConnection: close\r\n\r\n')
  t.same(seen.match(/x-forwarded-prefix.*/gi), ['X-Forwarded-Prefix: /api'])
})
