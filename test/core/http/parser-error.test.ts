import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { specOf, startGateway, type TestGateway } from '../../../core/testing.ts'
import { connectTo, sendRaw } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const HEAD = 'HTTP/1.1\r\nHost: a.test\r\n'
const GOOD = `GET /api/x ${HEAD}\r\n`

/** A gateway before an upstream that answers when told; `broken` counts requests that did not come whole. */
async function start(t: Pick<typeof import('tap').default, 'teardown'>): Promise<{
  gw: TestGateway
  answer: () => void
  waiting: Promise<void>
  broken: () => number
}> {
  const waiting = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  let broken = 0
  const upstream = await startUpstream(async (req, res) => {
    req.on('error', () => broken++)
    req.resume()
    waiting.resolve()
    await go.promise
    res.end('ok')
  })
  t.teardown(() => upstream.close())
  const gw = await startGateway(
    specOf([{ name: 'api', url: upstream.url }], [['route-match', { prefix: '' }], 'proxy']),
  )
  t.teardown(() => gw.close())
  return { gw, answer: go.resolve, waiting: waiting.promise, broken: () => broken }
}

const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!)

t.test('the response to invalid bytes comes after those to earlier requests', async (t) => {
  const { gw, answer, waiting } = await start(t)
  const received = sendRaw(gw.port, `${GOOD}${GOOD}nonsense\r\n\r\n${GOOD}`)
  await waiting
  answer()
  t.strictSame(statuses(await received), ['200', '200', '400'])
  t.match(gw.finished, [{ status: 200 }, { status: 200 }, { outcome: 'unparsed', status: 400 }])
  t.equal(gw.finished.length, 3, 'once')
})

t.test('bytes after the last request of a connection get no response', async (t) => {
  const { gw, answer, waiting } = await start(t)
  const received = sendRaw(gw.port, `GET /api/x ${HEAD}Connection: close\r\n\r\n${GOOD}nonsense\r\n\r\n`)
  await waiting
  answer()
  t.strictSame(statuses(await received), ['200'])
  await gw.logged(1)
  t.match(gw.finished, [{ status: 200 }])
})

t.test('an invalid chunk ends the upload with an error', async (t) => {
  const { gw, waiting, broken } = await start(t)
  const socket = await connectTo(gw.port)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(`POST /api/x ${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`)
  await waiting
  socket.write(`zz\r\n${GOOD}`)
  await closed
  t.strictSame(statuses(text), ['400'])
  t.match(text, /"code":"framing_invalid"/)
  while (broken() === 0) await pause(5)
  t.match(gw.finished, [{ outcome: 'completed', status: 400 }])
})

t.test('an invalid chunk in a request that waits in the queue', async (t) => {
  const { gw, answer, waiting } = await start(t)
  const received = sendRaw(gw.port, `${GOOD}POST /api/x ${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`)
  await waiting
  answer()
  t.strictSame(statuses(await received), ['200', '400'])
})

t.test('each kind of bytes that the parser refuses has its status', async (t) => {
  const { gw } = await start(t)
  const cases = [
    ['FOO /api/x HTTP/1.1\r\nHost: a.test\r\n\r\n', 501],
    ['PRI /api/x HTTP/1.1\r\nHost: a.test\r\n\r\n', 501],
    ['FOO\r\n\r\n', 400],
    ['FOO /api/x', 400],
    ['GET /api/x HTTP/1.2\r\nHost: a.test\r\n\r\n', 505],
    [`GET /${'x'.repeat(90_000)} ${HEAD}\r\n`, 414],
    [`GET /?${'x'.repeat(30_000)}`, 414],
    [`GET / ${HEAD}X: ${'x'.repeat(200_000)}\r\n\r\n`, 431],
    [`GET / ${HEAD}X: y\nZ: z\rA: b\r\n\r\n`, 400],
  ] as const
  for (const [bytes, status] of cases) {
    const answer = await sendRaw(gw.port, bytes)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} .*\r\nConnection: close\r\n`), bytes.slice(0, 40))
    t.match(gw.finished.at(-1), { outcome: 'unparsed', peer: '127.0.0.1', status })
  }
  t.equal(gw.finished.length, cases.length)
})

t.test('an expectation without a body keeps the connection', async (t) => {
  const { gw, answer } = await start(t)
  answer()
  const bytes = `GET /api/x ${HEAD}Expect: 100-continue\r\n\r\n`
  const text = await sendRaw(gw.port, bytes + bytes, (all) => statuses(all).filter((one) => one === '200').length === 2)
  t.strictSame(statuses(text), ['100', '200', '100', '200'])
})

// aspnet/KestrelHttpServer#1116, aio-libs/aiohttp#10142: the log only said that the method was invalid.
t.test('another protocol is named in the log, once for many', async (t) => {
  const { gw } = await start(t)
  const cases = [
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abc', 'tls_handshake', /^TLS handshake on a plain HTTP port/],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'http2_preface', /^HTTP\/2 preface on an HTTP\/1\.1 port/],
  ] as const
  for (const [bytes, reason, message] of cases) {
    for (let i = 0; i < 3; i++)
      t.match(await sendRaw(gw.port, Buffer.from(bytes, 'latin1')), /^HTTP\/1\.1 400 .*\r\nConnection: close\r\n/)
    t.match(gw.finished.at(-1), { outcome: 'unparsed', status: 400, reason, listener: 'proxy' })
    const lines = gw.logs.filter(({ fields }) => 'reason' in fields && fields.reason === reason)
    t.match(lines, [{ level: 'warn', message, fields: { reason, listener: 'proxy', peer: '127.0.0.1' } }])
    t.equal(lines.length, 1)
  }
  await sendRaw(gw.port, 'nonsense\r\n\r\n')
  t.match(gw.finished.at(-1), { reason: 'HPE_INVALID_METHOD' })
  t.equal(gw.logs.length, 2, 'other bytes are not worth a warning')
})
