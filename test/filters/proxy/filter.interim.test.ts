import { once } from 'node:events'
import t from 'tap'
import { defineFilter, HeaderList } from '../../../core/index.ts'
import { connectTo, sendRaw } from '../../support/client.ts'
import { onHead, proxied, proxiedRaw } from './support.ts'

const GET = (version = '1.1'): string => `GET /api HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

t.test('early hints come before there is an answer', async (t) => {
  let answer = (): void => {}
  const { port, finished, logged } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => {
      socket.write(`${HINTS}Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\n\r\n`)
      answer = () => void socket.write(OK)
    }),
  )
  const client = await connectTo(port)
  client.write(GET())
  const [hints] = (await once(client, 'data')) as [Buffer]
  t.equal(
    String(hints),
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\nVia: 1.1 weir\r\n\r\n',
  )
  answer()
  const [rest] = (await once(client, 'data')) as [Buffer]
  t.match(String(rest), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s)
  await logged(1)
  t.match(finished, [{ status: 200, outcome: 'completed' }])
})

t.test('several, and of any number', async (t) => {
  const { port } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => {
      socket.write(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 Whatever\r\nX: y\r\n\r\n${HINTS}\r\n${OK}`)
    }),
  )
  t.same((await sendRaw(port, GET())).match(/HTTP\/1\.1 \d+/g), [
    'HTTP/1.1 102',
    'HTTP/1.1 199',
    'HTTP/1.1 103',
    'HTTP/1.1 200',
  ])
})

t.test('not to HTTP/1.0', async (t) => {
  const { port } = await proxiedRaw(t, (socket) => onHead(socket, () => socket.write(`${HINTS}\r\n${OK}`)))
  t.match(await sendRaw(port, GET('1.0')), /^HTTP\/1\.1 200 /)
})

t.test('not those of an answer that the client will not get', async (t) => {
  const { port } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${OK}`)),
  )
  t.match(await sendRaw(port, GET()), /^HTTP\/1\.1 502 /)
})

t.test('what frames a body says nothing in them', async (t) => {
  for (const field of ['Content-Length: 5', 'Transfer-Encoding: gzip', 'Transfer-Encoding: chunked']) {
    const { port } = await proxiedRaw(t, (socket) =>
      onHead(socket, () => socket.write(`HTTP/1.1 103 Early Hints\r\nX: y\r\n${field}\r\n\r\n${OK}`)),
    )
    const text = await sendRaw(port, GET())
    t.match(text, /^HTTP\/1\.1 103 Early Hints\r\n(?:X: y\r\n)?(?:Via: 1\.1 weir\r\n)?\r\nHTTP\/1\.1 200 OK\r\n/, field)
  }
})

t.test('a number that is no status is a failure', async (t) => {
  const { port, outcomes } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => socket.write(`HTTP/1.1 042 Odd\r\n\r\n${OK}`)),
  )
  t.match(await sendRaw(port, GET()), /^HTTP\/1\.1 502 .*"code":"upstream_protocol_error"/s)
  t.match(outcomes, [{ error: { code: 'upstream_protocol_error' } }])
})

t.test('a client that does not read gets no more of them than it can take', async (t) => {
  const link = `Link: <${'x'.repeat(8000)}>\r\n`
  let sent = 0
  const { port, gateway } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => {
      const more = (): void => {
        while (sent < 10_000) {
          sent++
          if (!socket.write(`HTTP/1.1 103 Early Hints\r\n${link}\r\n`)) return void socket.once('drain', more)
        }
        socket.end(OK)
      }
      more()
    }),
  )
  const client = await connectTo(port)
  client.write(GET())
  await once(client, 'readable')
  while (sent < 10_000) await new Promise((resolve) => setTimeout(resolve, 10))
  let text = ''
  for await (const chunk of client) text += chunk
  t.ok(gateway)
  t.match(text, /\r\n\r\nok$/, 'the answer is there all the same')
  t.ok(text.length < 20_000_000, `${text.length} bytes of 80 MB`)
})

t.test("a filter's own", async (t) => {
  const hinting = defineFilter({
    name: 'hinting',
    apiVersion: 1,
    create: () => ({
      routed(x) {
        x.inform(103, HeaderList.of({ Link: '</style.css>; rel=preload' }))
        t.throws(() => x.inform(103, HeaderList.of({ 'X-Bad': 'a\r\nb' })))
      },
      response(x) {
        x.inform(102, new HeaderList())
      },
      log({ exchange }) {
        exchange?.inform(102, new HeaderList())
      },
    }),
  })
  const { port } = await proxied(t, (_req, res) => res.end('ok'), { filters: [hinting] })
  const text = await sendRaw(port, GET())
  t.same(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 103', 'HTTP/1.1 102', 'HTTP/1.1 200'])
  t.match(text, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload\r\n\r\n/)
})
