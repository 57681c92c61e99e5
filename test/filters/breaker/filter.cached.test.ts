import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { defineFilter, IdentitySlot } from '../../../core/index.ts'
import { send } from '../../support/client.ts'
import { type Guarded, guarded } from './support.ts'

const cached = (limits?: Record<string, unknown>) => ({
  fallback_strategy: 'cached_response',
  reset_timeout: '1d',
  ...(limits === undefined ? {} : { cached_response: limits }),
})

type Requested = Parameters<typeof send>[1]

/** Asks while the breaker is closed, and again while it is open. Undefined: nothing was kept. */
async function again(gw: Guarded, path: string, first: Requested = {}, second: Requested = first) {
  gw.breaker.reset()
  await send(gw.api + path, first)
  gw.breaker.trip()
  const answer = await send(gw.api + path, second)
  if (answer.status !== 503) return answer
  t.match(answer.headers, { 'retry-after': /^\d+$/, 'proxy-status': 'weir; error=destination_unavailable' })
  return undefined
}

/** Answers with the fields that the query gives as JSON. */
const echoing: RequestListener = (request, response) => {
  const { searchParams } = new URL(request.url!, 'http://x')
  const { status = 200, ...headers } = JSON.parse(searchParams.get('h') ?? '{}') as Record<string, string>
  response.writeHead(Number(status), headers).end(`${request.headers['accept-language'] ?? 'body'}`)
}
const giving = (headers: Record<string, string | number>): string =>
  `/?h=${encodeURIComponent(JSON.stringify(headers))}`

t.test('the last good answer, with its Age; HEAD from it; nothing else', async (t) => {
  let calls = 0
  const gw = await guarded(
    t,
    (request, response) => {
      calls++
      const headers = { 'X-Way': request.method, Age: '100', Connection: 'x-hop', 'X-Hop': '1' }
      response.writeHead(
        request.url === '/bad' ? 503 : 200,
        'Fine',
        request.method === 'GET' ? { ...headers, Trailer: 'X-T' } : headers,
      )
      response.write('one ')
      if (request.method === 'GET') response.addTrailers({ 'X-T': 't' })
      response.end(`answer ${calls}`)
    },
    cached(),
  )
  const answer = await again(gw, '/a?b=c')
  t.match(answer, {
    status: 200,
    body: 'one answer 1',
    headers: {
      age: /^10[01]$/,
      'cache-status': 'weir; hit; detail=breaker_open',
      'content-length': '12',
      'x-way': 'GET',
    },
  })
  t.notOk(answer!.headers['transfer-encoding'] ?? answer!.headers['x-hop'] ?? answer!.headers.trailer)
  gw.pass(60_000)
  t.match((await send(`${gw.api}/a?b=c`)).headers.age, /^16[01]$/)
  t.match(await send(`${gw.api}/a?b=c`, { method: 'HEAD' }), {
    status: 200,
    body: '',
    headers: { 'content-length': '12' },
  })
  for (const options of [{ method: 'POST' }, { method: 'DELETE' }, { headers: { 'Content-Length': 1 }, body: 'x' }])
    t.equal((await send(`${gw.api}/a?b=c`, options)).status, 503)
  t.equal((await send(`${gw.api}/a?b=d`)).status, 503, 'another query')
  t.equal((await send(`${gw.api}/a?b=c`, { headers: { Host: 'other.test' } })).status, 503, 'another host')
  t.match(gw.finished.at(-1)!.exchange!.response!.local, { filter: 'breaker', reason: 'breaker_open' })
  t.match((await again(gw, '/a?b=c'))!.body, 'one answer 2', 'the newest')
  t.equal(await again(gw, '/bad'), undefined)
  t.equal(await again(gw, '/head', { method: 'HEAD' }), undefined)
  t.equal(await again(gw, '/body', { headers: { 'Content-Length': 1 }, body: 'x' }, {}), undefined)
})

t.test('what may not be kept, is not', async (t) => {
  const gw = await guarded(t, echoing, cached())
  t.ok(await again(gw, giving({})))
  for (const headers of [
    { 'Cache-Control': 'no-store' },
    { 'cache-control': 'max-age=5, Private' },
    { 'Cache-Control': 'private="x, y"' },
    { 'Cache-Control': 'public, no-cache' },
    { 'Set-Cookie': 'a=b' },
    { Vary: '*' },
    { Vary: 'Accept, *' },
    { status: 206, 'Content-Range': 'bytes 0-3/9' },
    { status: 404 },
    { status: 302, Location: '/' },
    { 'Cache-Control': 'must-revalidate' },
    { 'Cache-Control': 's-maxage=0, max-age=9' },
  ])
    t.equal(await again(gw, giving(headers)), undefined, JSON.stringify(headers))
  t.equal(await again(gw, giving({ a: 1 }), { headers: { 'Cache-Control': 'no-store' } }), undefined)
  t.match(await again(gw, giving({ status: 204 })), { status: 204, body: '' })
})

t.test('stale answers are given up to max_age, and not where the upstream forbids it', async (t) => {
  const gw = await guarded(t, echoing, cached({ max_age: '1h' }))
  const [loose, strict] = [
    giving({ 'Cache-Control': 'max-age=5' }),
    giving({ 'Cache-Control': 'max-age=60, must-revalidate' }),
  ]
  t.ok(await again(gw, loose))
  t.ok(await again(gw, strict))
  gw.pass(60_000)
  t.equal((await send(gw.api + loose)).status, 200)
  t.equal((await send(gw.api + strict)).status, 503)
  gw.pass(3_540_000)
  t.equal((await send(gw.api + loose)).status, 503)
  t.equal(await again(gw, giving({ Age: 3600 })), undefined, 'too old when it came')
})

t.test('Vary', async (t) => {
  const gw = await guarded(t, echoing, cached())
  const path = giving({ Vary: 'Accept-Language, ACCEPT' })
  const [de, en] = [{ headers: { 'Accept-Language': 'de' } }, { headers: { 'Accept-Language': 'en' } }]
  t.match(await again(gw, path, de), { body: 'de' })
  t.equal((await send(gw.api + path, en)).status, 503)
  t.equal((await send(gw.api + path)).status, 503)
  t.match(await again(gw, path, en), { body: 'en' })
  t.match(await send(gw.api + path, de), { body: 'de' }, 'both are kept')
  t.equal((await send(gw.api + path, { headers: { ...de.headers, Accept: 'a/b' } })).status, 503)
})

t.test('credentials: neither kept nor given, unless it is public', async (t) => {
  const caller = defineFilter({
    name: 'caller',
    apiVersion: 1,
    writes: [IdentitySlot],
    create: () => ({
      request(x) {
        const subject = x.request.headers.get('x-key')
        if (subject === undefined) return
        x.set(IdentitySlot, { subject, scheme: 'key', roles: [], scopes: [], claims: {} })
      },
    }),
  })
  const gw = await guarded(t, echoing, cached(), [caller])
  const open = giving({ 'Cache-Control': 'public' })
  for (const headers of [{ Authorization: 'Basic eDp5' }, { Cookie: 'a=b' }, { 'X-Key': 'me' }]) {
    const path = giving({ x: Object.keys(headers)[0]! })
    t.equal(await again(gw, path, { headers }), undefined, `${Object.keys(headers)}`)
    t.equal(await again(gw, path, {}, { headers }), undefined)
    t.ok(await again(gw, path, {}))
    t.ok(await again(gw, open, { headers }))
  }
})

t.test('bounds: of one body, of their number, of them together', async (t) => {
  const gw = await guarded(
    t,
    (request, response) => {
      if (request.headers['x-chunked'] !== undefined) response.flushHeaders()
      response.end('x'.repeat(Number(new URL(request.url!, 'http://x').searchParams.get('size'))))
    },
    cached({ max_entry_size: 1000, max_entries: 3, max_size: '4KiB' }),
  )
  t.ok(await again(gw, '/?size=1000'))
  t.equal(await again(gw, '/?size=1001'), undefined)
  t.equal(await again(gw, '/b?size=1001', { headers: { 'X-Chunked': '1' } }), undefined)
  t.ok(await again(gw, '/b?size=1000', { headers: { 'X-Chunked': '1' } }))
  gw.breaker.reset()
  for (const name of ['p', 'q', 'r']) await send(`${gw.api}/${name}?size=1`)
  gw.breaker.trip()
  const kept = async (name: string): Promise<boolean> => (await send(`${gw.api}/${name}?size=1`)).status === 200
  t.equal((await send(`${gw.api}/b?size=1000`)).status, 503, 'four are one too many')
  t.ok(await kept('p'))
  gw.breaker.reset()
  await send(`${gw.api}/s?size=1`)
  gw.breaker.trip()
  t.same(await Promise.all(['p', 'q', 'r', 's'].map(kept)), [true, false, true, true], 'the longest unused goes')
  gw.breaker.reset()
  for (const name of ['t', 'u', 'v']) await send(`${gw.api}/${name}?size=1000`)
  gw.breaker.trip()
  t.equal((await send(`${gw.api}/v?size=1000`)).status, 200)
  t.equal((await send(`${gw.api}/t?size=1000`)).status, 503, 'three of them are more than max_size')
})

t.test('bodies pass as they come; one that breaks off is not kept, nor are too many at once', async (t) => {
  const held: (() => void)[] = []
  const gw = await guarded(
    t,
    (request, response) => {
      response.write('x'.repeat(600))
      if (request.url === '/broken') setImmediate(() => response.destroy())
      else held.push(() => response.end('end'))
    },
    cached({ max_size: 1000 }),
  )
  await t.rejects(send(`${gw.api}/broken`))
  const [a, b] = [fetch(`${gw.api}/a`), fetch(`${gw.api}/b`)]
  // Both have shown their beginnings before either ends.
  const readers = await Promise.all([a, b].map(async (answer) => (await answer).body!.getReader()))
  for (const reader of readers) await reader.read()
  for (const end of held) end()
  for (const reader of readers) while (!(await reader.read()).done);
  await gw.logged(3)
  gw.breaker.trip()
  t.equal((await send(`${gw.api}/broken`)).status, 503)
  const statuses = await Promise.all(['a', 'b'].map(async (name) => (await send(`${gw.api}/${name}`)).status))
  t.same(statuses.sort(), [200, 503], 'only one of them found room')
})

t.test('what was kept outlives a reload', async (t: Test) => {
  const gw = await guarded(t, echoing, cached())
  t.ok(await again(gw, '/'))
  await gw.gateway.load(gw.spec({ ...cached(), failure_threshold: 7 }))
  t.equal((await send(`${gw.api}/`)).status, 200)
})
