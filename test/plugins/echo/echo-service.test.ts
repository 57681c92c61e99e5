import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { echoService } from '../../../plugins/echo/echo-service.ts'

async function started(t: Test) {
  const echo = echoService({ host: '127.0.0.1', port: 0 })
  await echo.start()
  t.teardown(() => echo.stop())
  return echo.address()
}

t.test('what it received', async (t) => {
  const { url, host, port } = await started(t)
  t.equal(url, `http://${host}:${port}`)
  const { statusCode, body } = await request(`${url}/a/b?x=1&y`, {
    method: 'PUT',
    headers: { 'X-One': ['1', '2'] },
    body: 'grüße',
  })
  t.equal(statusCode, 200)
  const seen = (await body.json()) as Record<string, unknown>
  t.match(seen, {
    method: 'PUT',
    path: '/a/b',
    query: '?x=1&y',
    body: 'grüße',
    body_size: 7,
    body_truncated: false,
    remote: /^127\.0\.0\.1:\d+$/,
  })
  const fields = (seen.headers as [string, string][]).filter(([name]) => name === 'X-One')
  t.same(fields, [
    ['X-One', '1'],
    ['X-One', '2'],
  ])
})

t.test('a large body is counted, not kept', async (t) => {
  const { url } = await started(t)
  const { body } = await request(url, { method: 'POST', body: 'x'.repeat(200_000) })
  const seen = (await body.json()) as { body: string; body_size: number; body_truncated: boolean }
  t.equal(seen.body.length, 64 * 1024)
  t.equal(seen.body_size, 200_000)
  t.equal(seen.body_truncated, true)
})

t.test('statuses', async (t) => {
  const { url } = await started(t)
  const status = async (path: string, method: 'GET' | 'HEAD' = 'GET') => {
    const { statusCode, body } = await request(`${url}${path}`, { method })
    await body.dump()
    return statusCode
  }
  t.equal(await status('/status/404'), 404)
  t.equal(await status('/any/prefix/status/503'), 503)
  t.equal(await status('/status/204'), 204)
  t.equal(await status('/status/304'), 304)
  t.equal(await status('/status/404', 'HEAD'), 404)
  for (const odd of ['/status/100', '/status/199', '/status/600', '/status/999999999', '/status/abc', '/status/404/x'])
    t.equal(await status(odd), 200, odd)
})

t.test('delays, which a client may leave', async (t) => {
  const { url, port } = await started(t)
  const from = performance.now()
  const { body } = await request(`${url}/delay/60`)
  t.match(await body.json(), { path: '/delay/60' })
  t.ok(performance.now() - from > 50)
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /delay/999999999 HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'connect')
  socket.destroy()
  await request(url).then(({ body }) => body.dump())
})

t.test('event streams', async (t) => {
  const { url } = await started(t)
  const { headers, body } = await request(`${url}/stream/3`)
  t.equal(headers['content-type'], 'text/event-stream')
  const text = await body.text()
  t.equal(text, [1, 2, 3].map((n) => `id: ${n}\ndata: {"n":${n},"of":3}\n\n`).join(''))
  const empty = await request(`${url}/stream/0`)
  t.equal(await empty.body.text(), '')
  const head = await request(`${url}/stream/100`, { method: 'HEAD' })
  t.equal(await head.body.text(), '')
})

t.test('start and stop', async (t) => {
  const echo = echoService({ host: '::1', port: 0 })
  t.throws(() => echo.address(), /not started/)
  await echo.start()
  t.match(echo.address().url, /^http:\/\/\[::1\]:\d+$/)
  const taken = echoService({ host: '::1', port: echo.address().port })
  await t.rejects(Promise.resolve(taken.start()), { code: 'EADDRINUSE' })
  const waiting = request(`${echo.address().url}/delay/10000`)
  waiting.catch(() => {})
  const { body } = await request(echo.address().url)
  await body.dump()
  await echo.stop()
  await t.rejects(waiting, 'stop waits for nobody')
  await echo.stop()
})
