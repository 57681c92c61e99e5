import fc from 'fast-check'
import t from 'tap'
import type { LocalReply } from '../../../core/api/reply.ts'
import { breaker } from '../../../filters/breaker/filter.ts'
import { redirectLocation } from '../../../filters/breaker/redirect.ts'
import { attempt, Bench, endpoint, exchange, type RequestInit } from '../../support/exchange.ts'

const orders = endpoint('orders')

/** What an open breaker answers. */
async function answer(options: Record<string, unknown>, init: RequestInit = {}): Promise<LocalReply> {
  const bench = new Bench([orders])
  const { filter } = await bench.make(breaker, { reset_timeout: '30s', ...options }, { endpoint: orders })
  for (const handle of bench.registry.get('orders')!.breakers) handle.trip()
  return filter.admit!(exchange(init), attempt(0)) as LocalReply
}

const own = (response: Record<string, unknown>) =>
  answer({ fallback_strategy: 'default_response', default_response: response })

const redirect = (options: Record<string, unknown>, init?: RequestInit) =>
  answer({ fallback_strategy: 'redirect', redirect: options }, init)

t.test('default_response', async (t) => {
  const reply = await own({ headers: { 'Content-Type': 'application/json', 'x-a': 'b' }, body: '[]' })
  t.match(reply, { status: 200, reason: 'breaker_open' })
  t.same(reply.options, {
    headers: { 'Content-Type': 'application/json', 'x-a': 'b', 'Cache-Control': 'no-store' },
    body: '[]',
  })
  t.same((await own({ status: 503, headers: { 'retry-after': '5', 'cache-control': 'max-age=1' } })).options, {
    headers: {
      'retry-after': '5',
      'cache-control': 'max-age=1',
      'Proxy-Status': 'weir; error=destination_unavailable',
    },
  })
  t.match((await own({ status: 429 })).options.headers, { 'Retry-After': '30' })
  t.equal((await own({ status: 204 })).status, 204)
})

t.test('default_response: what is refused', async (t) => {
  await t.rejects(answer({ fallback_strategy: 'default_response' }), /which needs this option/)
  await t.rejects(own({ body: 'text' }), { message: 'a body needs its Content-Type' })
  await t.rejects(own({ status: 204, headers: { 'content-type': 'a/b' }, body: 'x' }), /has no body/)
  await t.rejects(own({ headers: { 'Content-Length': '5' } }), /the gateway sets this field itself/)
  await t.rejects(own({ headers: { 'a b': '5' } }), /not a valid header field/)
  await t.rejects(own({ headers: { a: 'x\r\ny: z' } }), /not a valid header field/)
  for (const status of [100, 206, 304, 600]) await t.rejects(own({ status }))
})

t.test('redirect', async (t) => {
  const reply = await redirect({ url: 'https://other.test/api{path}{query}' }, { path: '/a/b%20c', query: '?d=1' })
  t.match(reply, { status: 307, reason: 'breaker_open' })
  t.same(reply.options.headers, {
    Location: 'https://other.test/api/a/b%20c?d=1',
    'Cache-Control': 'no-store',
    'Retry-After': '30',
  })
  t.equal((await redirect({ url: '/sorry', status: 303 })).status, 303)
  await t.rejects(redirect({ url: '/x', status: 301 }), { message: 'expected 302, 303, 307 or 308' })
  await t.rejects(answer({ fallback_strategy: 'redirect' }), /which needs this option/)
})

t.test('redirect: only the operator chooses the host', async (t) => {
  for (const url of [
    ...['', 'other.test', '//other.test', '/\\other.test', 'javascript:alert(1)', 'ftp://other.test/'],
    ...['{path}', '{query}', 'https://{path}', 'https://other.test{query}/x', 'https://a@other.test{path}'],
    ...['https:///x', 'https://other.test:99999/', '/x{host}', '/a b', '/é', 'http:/x'],
  ])
    await t.rejects(redirect({ url }), /expected an http or https URL/, url)
  for (const url of ['https://other.test', 'https://other.test{path}', 'http://[::1]:80?a={path}', '/{path}', '/#'])
    t.equal((await redirect({ url })).status, 307, url)
})

t.test('redirect: what the placeholders become', async (t) => {
  t.equal(redirectLocation('/{path}', '//evil.test', ''), '/evil.test')
  t.equal(redirectLocation('/{query}{path}', '/evil.test', ''), '/evil.test')
  t.equal(redirectLocation('/{path}', '/\\evil.test', ''), '/%5Cevil.test')
  t.equal(redirectLocation('https://a.test{path}', '@evil.test', ''), 'https://a.test/@evil.test')
  t.equal(redirectLocation('https://a.test{path}', '*', ''), 'https://a.test/*')
  t.equal(
    redirectLocation('https://a.test/login?back={path}', '/a&b=c%20#', '?x'),
    'https://a.test/login?back=/a%26b%3Dc%2520%23',
  )
  t.equal(redirectLocation('https://a.test/?x=1{query}', '/', '?y=2'), 'https://a.test/?x=1&y=2')
  t.equal(redirectLocation('https://a.test/x{path}', '/caf\xe9"<', '?\xff'), 'https://a.test/x/caf%E9%22%3C')
})

t.test('redirect: no request leads elsewhere', async (t) => {
  const piece = fc.constantFrom(
    '/',
    '//',
    '\\',
    'evil.test',
    '@',
    ':',
    '.',
    '..',
    '?',
    '%2f',
    '\t',
    ' ',
    '#',
    '\r\n',
    'a',
  )
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
  const templates = [
    '/{path}',
    '/{path}{query}',
    '/x{path}',
    '/{query}{path}',
    'https://a.test{path}',
    'https://a.test/{path}{path}',
    '/?{path}{query}',
  ]
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.constantFrom(...templates), text, text, (template, path, query) => {
        const location = redirectLocation(template, path, query === '' ? '' : `?${query}`)
        if (!/^[\x21-\x7e]+$/.test(location)) return false
        return new URL(location, 'https://a.test/b/').host === 'a.test'
      }),
      { numRuns: 3000 },
    ),
  )
})
