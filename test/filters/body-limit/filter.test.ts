import { once } from 'node:events'
import t from 'tap'
import { connectTo, send, sendRaw } from '../../support/client.ts'
import { proxied, proxiedRaw, signal } from '../proxy/support.ts'

const bodyLimit = { max_size: 10 }
const CHUNKED = { 'Transfer-Encoding': 'chunked' }

for (const [headers, what] of [
  [{}, 'length'],
  [CHUNKED, 'chunked'],
] as const) {
  t.test(`a body of the size passes, one byte more is a 413: ${what}`, async (t) => {
    const { api, settled, outcomes } = await proxied(t, (req, res) => void req.pipe(res), { bodyLimit })
    const passed = await send(api, { method: 'POST', headers, body: '1234567890' })
    t.same([passed.status, passed.body], [200, '1234567890'])
    const refused = await send(api, { method: 'POST', headers, body: '1234567890!' })
    t.equal(refused.status, 413)
    t.match(refused.json(), { code: 'request_body_too_large' })
    t.match(refused.headers['proxy-status'], /http_request_error/)
    await settled(1)
    for (const { result } of outcomes.slice(1)) t.equal(result, 'ignored', "it is not the upstream's fault")
  })
}

t.test('nothing of a body that says that it is too large goes upstream', async (t) => {
  let requests = 0
  const { api } = await proxied(t, (_req, res) => void res.end(String(++requests)), { bodyLimit })
  t.equal((await send(api, { method: 'POST', body: 'x'.repeat(100) })).status, 413)
  t.equal(requests, 0)
})

t.test('a client that waits for 100 is refused before it uploads', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end(), { bodyLimit })
  const answer = await sendRaw(
    port,
    'POST /api HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n',
  )
  t.match(answer, /^HTTP\/1\.1 413 /)
})

t.test('the upstream never sees the end of a body that grows too large', async (t) => {
  const seen = signal<string>()
  const { port } = await proxiedRaw(
    t,
    (socket) => {
      let bytes = ''
      socket.on('data', (chunk) => (bytes += chunk.toString('latin1')))
      socket.on('close', () => seen.fire(bytes))
    },
    { bodyLimit },
  )
  const client = await connectTo(port)
  client.write('POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  client.write('6\r\nhello!\r\n0\r\n\r\n')
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.match(String(answer), /^HTTP\/1\.1 413 /)
  const bytes = await seen.promise
  t.notMatch(bytes, /hello!/)
  t.notMatch(bytes, /\r\n0\r\n/)
  client.destroy()
})

t.test('an endpoint has a limit of its own', async (t) => {
  const { api } = await proxied(t, (req, res) => void req.pipe(res), {
    bodyLimit,
    own: { 'body-limit': { max_size: '1KiB' } },
  })
  t.equal((await send(api, { method: 'POST', body: 'x'.repeat(1024) })).status, 200)
  t.equal((await send(api, { method: 'POST', body: 'x'.repeat(1025) })).status, 413)
})
