import t from 'tap'
import { defaultResponse, fallbackReply, redirect } from './support.ts'

t.test('default_response', async (t) => {
  const reply = await defaultResponse({ headers: { 'Content-Type': 'application/json', 'x-a': 'b' }, body: '[]' })
  t.match(reply, { status: 200, reason: 'breaker_open' })
  t.same(reply.options, {
    headers: { 'Content-Type': 'application/json', 'x-a': 'b', 'Cache-Control': 'no-store' },
    body: '[]',
  })
  t.same(
    (await defaultResponse({ status: 503, headers: { 'retry-after': '5', 'cache-control': 'max-age=1' } })).options,
    {
      headers: {
        'retry-after': '5',
        'cache-control': 'max-age=1',
        'Proxy-Status': 'weir; error=destination_unavailable',
      },
    },
  )
  t.match((await defaultResponse({ status: 429 })).options.headers, { 'Retry-After': '30' })
  t.equal((await defaultResponse({ status: 204 })).status, 204)
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
  await t.rejects(fallbackReply({ fallback_strategy: 'redirect' }), /which needs this option/)
})
