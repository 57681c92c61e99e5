import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { connectTo, send, sendRaw } from '../../support/client.ts'
import { gatewayTo, onHead, type Proxied, proxied, proxiedRaw, signal } from './support.ts'

type Test = Parameters<typeof proxied>[0]

/** A gateway before a WebSocket server that echoes. */
async function echoing(
  t: Test,
  settings: Parameters<typeof gatewayTo>[2] = {},
): Promise<Proxied & { server: WebSocketServer; sockets: Socket[]; ws: string }> {
  const http = createServer((_req, res) => res.end('plain'))
  const sockets: Socket[] = []
  http.on('connection', (socket) => sockets.push(socket))
  const server = new WebSocketServer({ server: http, handleProtocols: (offered) => [...offered][0] ?? false })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    http.close()
  })
  const proxy = await gatewayTo(t, `http://127.0.0.1:${(http.address() as AddressInfo).port}`, settings)
  return { ...proxy, server, sockets, ws: proxy.api.replace('http', 'ws') }
}

t.test('text, a binary megabyte, the close code; seen once', async (t) => {
  const { ws, server, logged, settled, finished, outcomes, runtime, metrics } = await echoing(t)
  const closed = signal<[number, string]>()
  server.on('connection', (socket) => socket.on('close', (code, why) => closed.fire([code, String(why)])))
  const client = new WebSocket(`${ws}/chat?room=1`, ['one', 'two'])
  await once(client, 'open')
  t.equal(client.protocol, 'one')
  client.send('grüße')
  t.equal(String((await once(client, 'message'))[0]), 'grüße')
  const megabyte = randomBytes(1024 * 1024)
  client.send(megabyte)
  const [echo] = (await once(client, 'message')) as [Buffer]
  t.ok(echo.equals(megabyte))
  const left = once(client, 'close') as Promise<[number]>
  client.close(4321, 'enough')
  t.same(await closed.promise, [4321, 'enough'])
  const [code] = await left
  t.equal(code, 4321)
  await logged(1)
  await settled(1)
  t.match(finished, [{ outcome: 'completed', status: 101 }])
  t.match(outcomes, [{ result: 'success', status: 101 }])
  t.equal(runtime.timers.size, 0)
  t.match(await metrics(), /http_server_request_duration_seconds_count\{endpoint="api",method="GET",status="101"\} 1\n/)
})

t.test('the upstream closes with a code', async (t) => {
  const { ws, server, settled } = await echoing(t)
  server.on('connection', (socket) => socket.close(1013, 'later'))
  const client = new WebSocket(ws)
  const [code, why] = (await once(client, 'close')) as [number, Buffer]
  t.same([code, String(why)], [1013, 'later'])
  await settled(1)
})

t.test('a refusal is an ordinary response', async (t) => {
  const { api, settled, outcomes, logged, finished } = await proxied(t, (_req, res) => {
    res.writeHead(403, { 'Content-Type': 'text/plain', 'X-Why': 'no' })
    res.end('not you')
  })
  const client = new WebSocket(api.replace('http', 'ws'))
  client.on('error', () => {})
  const [, answer] = await once(client, 'unexpected-response')
  t.equal(answer.statusCode, 403)
  t.equal(answer.headers['x-why'], 'no')
  t.equal(Buffer.concat(await answer.toArray()).toString(), 'not you')
  await settled(1)
  t.match(outcomes, [{ result: 'success', status: 403 }])
  await logged(1)
  t.match(finished, [{ outcome: 'completed', status: 403 }])
})

t.test('auth refuses the handshake before the upstream hears of it', async (t) => {
  const own = { auth: { secret: 'a secret of thirty-two bytes, or more', required: true } }
  const { ws, sockets, logged, finished } = await echoing(t, { own })
  const client = new WebSocket(ws)
  client.on('error', () => {})
  const [, answer] = await once(client, 'unexpected-response')
  t.equal(answer.statusCode, 401)
  answer.resume()
  t.equal(sockets.length, 0)
  await logged(1)
  t.match(finished, [{ status: 401 }])
})

t.test('an abrupt end of the client closes the upstream’s socket, and the other way round', async (t) => {
  for (const end of ['client', 'upstream'] as const) {
    const { ws, sockets, server, logged, settled, runtime } = await echoing(t)
    const gone = signal()
    server.on('connection', (socket) => socket.on('close', () => gone.fire()))
    const client = new WebSocket(ws)
    client.on('error', () => {})
    await once(client, 'open')
    const closed = once(client, 'close')
    if (end === 'client') client.terminate()
    else for (const socket of sockets) socket.resetAndDestroy()
    await Promise.all([closed, gone.promise])
    await logged(1)
    await settled(1)
    t.equal(runtime.timers.size, 0, end)
  }
})

t.test('frames that come right behind the handshake are not lost', async (t) => {
  const { port } = await echoing(t)
  const socket = await connectTo(port)
  const frame = Buffer.concat([Buffer.from([0x81, 0x82, 0, 0, 0, 0]), Buffer.from('hi')])
  const head =
    'GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  socket.write(Buffer.concat([Buffer.from(head), frame]))
  let received = Buffer.alloc(0)
  await new Promise<void>((resolve) =>
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk as Buffer])
      if (received.subarray(-4).equals(Buffer.from([0x81, 0x02, 0x68, 0x69]))) resolve()
    }),
  )
  t.match(received.toString('latin1'), /^HTTP\/1.1 101 Switching Protocols\r\n/)
  socket.destroy()
})

t.test('a 101 is filtered as any other answer, but keeps what the switch needs', async (t) => {
  const { port } = await proxiedRaw(t, (socket) =>
    onHead(socket, () =>
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade, X-Private\r\nupgrade: websocket\r\nX-Private: 1\r\n' +
          'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nVia: 1.1 inner\r\nSec-WebSocket-Accept: abc=\r\n' +
          'Sec-WebSocket-Protocol: one\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\n\r\n',
      ),
    ),
  )
  const bytes = await sendRaw(
    port,
    'GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    (received) => received.includes('\r\n\r\n'),
  )
  const lines = bytes.trimEnd().split('\r\n')
  t.equal(lines[0], 'HTTP/1.1 101 Switching Protocols')
  t.same(
    lines.slice(1).filter((line) => !/^x-request-id:/i.test(line)),
    [
      'Via: 1.1 inner',
      'Sec-WebSocket-Accept: abc=',
      'Sec-WebSocket-Protocol: one',
      'Set-Cookie: a=1',
      'Via: 1.1 weir',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ],
  )
})

t.test('requests and tunnels side by side', async (t) => {
  const { ws, api } = await echoing(t)
  const client = new WebSocket(ws)
  await once(client, 'open')
  t.equal((await send(api)).body, 'plain')
  client.send('still here')
  t.equal(String((await once(client, 'message'))[0]), 'still here')
  client.close()
  await once(client, 'close')
})
