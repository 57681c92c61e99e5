import { once } from 'node:events'
import t from 'tap'
import type { FilterFactory } from '../../core/api/filter-factory.ts'
import { reply } from '../../core/api/reply.ts'
import { specOf, startGateway } from '../../core/testing.ts'
import { connectTo, sendRaw } from '../support/client.ts'
import { bodyOf, startUpstream } from '../support/upstream.ts'

/** Refuses whatever says so, before the body is read. */
const refuse: FilterFactory = {
  name: 'refuse',
  apiVersion: 1,
  create: () => ({ request: (x) => (x.request.headers.has('x-refuse') ? reply(401, 'refused') : undefined) }),
}

const upstream = await startUpstream(async (req, res) => {
  const body = await bodyOf(req)
  res.end(`${req.url} ${body.length}`)
})
const gw = await startGateway(specOf([{ name: 'a', url: upstream.url }], ['refuse', 'route-match', 'proxy']), {
  filters: [refuse],
})
t.teardown(async () => {
  await gw.close()
  await upstream.close()
})

const head = (fields: string, path = ''): string =>
  `POST /orchestrator/a${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n`
const count = (text: string, what: RegExp): number => text.match(new RegExp(what, 'g'))?.length ?? 0

t.test('a short body that nobody wanted is drained, and the connection kept', async (t) => {
  const bytes = `${head('X-Refuse: 1\r\nContent-Length: 10')}0123456789${head('Content-Length: 2', '/next')}ok`
  const received = await sendRaw(gw.port, bytes, (text) => text.includes('/next 2'))
  t.match(received, /^HTTP\/1\.1 401 /)
  t.notMatch(received, /Connection: close/)
})

t.test('a long one closes the connection, and the client sees the whole answer first', async (t) => {
  const socket = await connectTo(gw.port)
  socket.write(head('X-Refuse: 1\r\nContent-Length: 10000000'))
  socket.write(Buffer.alloc(300_000))
  let received = ''
  for await (const chunk of socket) received += chunk
  t.match(received, /^HTTP\/1\.1 401 /)
  t.match(received, /Connection: close/)
  t.match(received, /"code":"refused"}\n$/)
})

t.test('100 is sent when the body is first read, and not when a filter answers before', async (t) => {
  const socket = await connectTo(gw.port)
  socket.write(head('Expect: 100-continue\r\nContent-Length: 5', '/b'))
  let received = ''
  for await (const chunk of socket) {
    received += chunk
    if (received === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write('hello')
    if (received.includes('/b 5')) break
  }
  t.match(received, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
  const refused = await sendRaw(gw.port, head('X-Refuse: 1\r\nExpect: 100-continue\r\nContent-Length: 5'), (text) =>
    text.includes('}'),
  )
  t.match(refused, /^HTTP\/1\.1 401 /)
  t.match(refused, /Connection: close/, 'what comes next could not be told from the body')
})

t.test(
  'an early response to a client that waits for 100 closes the connection, however short the body is',
  async (t) => {
    const socket = await connectTo(gw.port)
    // The client sends its next request instead of the body: nothing of it may be read as a request, or served.
    socket.write(head('X-Refuse: 1\r\nExpect: 100-continue\r\nContent-Length: 500'))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
      if (received.endsWith('}\n')) socket.write(head('Content-Length: 0', '/next'))
    })
    socket.on('error', () => {})
    await once(socket, 'close')
    t.equal(count(received, /HTTP\/1\.1 /), 1, received)
    t.match(received, /^HTTP\/1\.1 401 [\s\S]*Connection: close/)
  },
)

t.test('after the response at most 1 MiB more is read', async (t) => {
  const socket = await connectTo(gw.port)
  const closed = once(socket, 'close')
  socket.on('error', () => {})
  socket.resume()
  socket.write(head('X-Refuse: 1\r\nContent-Length: 1000000000'))
  const begun = performance.now()
  const piece = Buffer.alloc(64 * 1024)
  while (!socket.destroyed) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => {}), closed])
    else await new Promise(setImmediate)
  }
  const took = performance.now() - begun
  t.ok(took < 1800, `cut after ${took.toFixed(0)} ms, before the 2 s of a client that sends slowly`)
  t.ok(socket.bytesWritten < 64 * 2 ** 20)
})

t.test('pipelined requests are answered in order, one at a time', async (t) => {
  const paths = ['/1', '/2', '/3', '/4']
  const bytes = paths.map((path) => `${head('Content-Length: 3', path)}abc`).join('')
  const received = await sendRaw(gw.port, bytes, (text) => count(text, /HTTP\/1\.1 200/) === 4 && text.includes('/4 3'))
  t.strictSame(
    [...received.matchAll(/(\/\d) 3/g)].map(([, path]) => path),
    paths,
  )
})

t.test('bytes that are no request get 400, and log hears of it', async (t) => {
  const before = gw.finished.length
  t.match(await sendRaw(gw.port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.equal(gw.finished.length, before + 1)
  t.match(gw.finished.at(-1), { outcome: 'unparsed', status: 400 })
})
