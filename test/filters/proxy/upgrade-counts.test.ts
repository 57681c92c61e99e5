import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { specOf, startGateway } from '../../../core/testing.ts'
import { connectTo, send, sendRaw } from '../../support/client.ts'
import { gatewayTo, onHead, proxiedRaw } from './support.ts'

const HANDSHAKE = 'GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const active = async (metrics: () => Promise<string>): Promise<string | undefined> =>
  /^weir_upgrades_active\{endpoint="api"\} (\d+)$/m.exec(await metrics())?.[1]

/** A WebSocket server that echoes. */
async function echo(t: Test): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  await once(socket, 'open')
  return socket
}

t.test('beyond max_connections a handshake is refused before the upstream hears of it', async (t) => {
  const { server, url } = await echo(t)
  const { api, metrics, logged, outcomes, finished } = await gatewayTo(t, url, {
    proxy: { upgrade: { max_connections: 2 } },
  })
  t.equal(await active(metrics), undefined, 'of endpoints that have had any')
  const first = await open(api)
  const second = await open(api)
  t.equal(await active(metrics), '2')
  const headers = { Connection: 'Upgrade', Upgrade: 'websocket', Accept: 'application/problem+json' }
  const refused = await send(api, { headers })
  t.equal(refused.status, 503)
  t.match(refused.headers, {
    'retry-after': '10',
    'content-type': 'application/problem+json',
    'proxy-status': 'weir; error=connection_limit_reached',
  })
  t.match(refused.json(), { code: 'upgrade_limit', status: 503 })
  t.equal(server.clients.size, 2)
  t.equal((await send(api)).status, 426, 'ordinary requests are not counted')
  await logged(2)
  t.match(finished[0]!.exchange?.response?.local, { filter: 'proxy', reason: 'upgrade_limit' })
  t.equal(outcomes.length, 1, 'what was refused was no attempt that others hear of')
  first.close()
  await logged(3)
  t.equal(await active(metrics), '1')
  await open(api)
  second.terminate()
  await logged(4)
  t.equal(await active(metrics), '1')
})

t.test('a handshake that comes to nothing gives its place back', async (t) => {
  const pending: Socket[] = []
  let answer: string | undefined
  const { api, port, metrics, logged, runtime } = await proxiedRaw(
    t,
    (socket) =>
      onHead(socket, () => {
        if (answer === undefined) pending.push(socket)
        else socket.end(answer)
      }),
    { proxy: { upgrade: { max_connections: 1 } } },
  )
  answer = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'
  t.match(await sendRaw(port, HANDSHAKE), /^HTTP\/1.1 403 .*\r\n\r\nno$/s)
  answer = 'nonsense\r\n\r\n'
  t.match(await sendRaw(port, HANDSHAKE), /^HTTP\/1.1 502 /)
  answer = ''
  t.match(await sendRaw(port, HANDSHAKE), /^HTTP\/1.1 502 /)
  await logged(3)
  t.equal(await active(metrics), '0')
  // The client leaves: by an end, and by a reset.
  answer = undefined
  for (const [count, leave] of [
    [4, (socket: Socket) => socket.destroy()],
    [5, (socket: Socket) => socket.resetAndDestroy()],
  ] as const) {
    const socket = await connectTo(port)
    socket.on('error', () => {})
    socket.write(HANDSHAKE)
    while (pending.length < count - 3) await new Promise((resolve) => setTimeout(resolve, 5))
    t.equal(await active(metrics), '1')
    const gone = once(pending[count - 4]!, 'close')
    leave(socket)
    await Promise.all([logged(count), gone])
    t.equal(await active(metrics), '0')
  }
  t.equal(runtime.timers.size, 0)
  t.ok(api)
})

t.test('the count outlives reloads, also those that take the endpoint away', async (t) => {
  const { url } = await echo(t)
  const spec = (proxy: object, name = 'api') =>
    specOf([{ name, url }], [['route-match', { prefix: '' }], ['proxy', { ...proxy }], 'metrics'])
  const {
    gateway,
    url: base,
    metrics,
    logged,
    close,
  } = await startGateway(spec({ upgrade: { max_connections: 1 } }), {
    drainMs: 50,
  })
  t.teardown(close)
  const socket = await open(`${base}/api`)
  await gateway.load(spec({ upgrade: { max_connections: 1, idle_timeout: '2h' } }))
  const refused = () => send(`${base}/api`, { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } })
  t.equal((await refused()).status, 503)
  await gateway.load(spec({}, 'other'))
  t.equal((await refused()).status, 404)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await gateway.load(spec({ upgrade: { max_connections: 1 } }))
  t.equal((await refused()).status, 503)
  t.equal(await active(metrics), '1')
  socket.close()
  await logged(4)
  t.equal(await active(metrics), '0')
  ;(await open(`${base}/api`)).close()
  await logged(5)
  await gateway.load(spec({}, 'other'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.equal(await active(metrics), undefined, 'an endpoint that is gone and has none open is forgotten')
})

t.test('off: the offer is ignored, and the request is an ordinary one (RFC 9110 §7.8)', async (t) => {
  for (const upgrade of ['off', false]) {
    const heads: string[] = []
    const { port, metrics } = await proxiedRaw(
      t,
      (socket) =>
        onHead(socket, (head) => {
          heads.push(head)
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain')
        }),
      { own: { proxy: { upgrade } } },
    )
    const bytes = HANDSHAKE.replace('\r\n\r\n', '\r\nSec-WebSocket-Key: abc\r\n\r\n')
    t.match(await sendRaw(port, bytes), /^HTTP\/1.1 200 OK.*\r\nConnection: close.*plain$/s)
    t.notMatch(heads[0], /^upgrade:/im)
    t.match(heads[0], /^connection: keep-alive$/im)
    t.match(heads[0], /^Sec-WebSocket-Key: abc$/m)
    t.equal(await active(metrics), undefined)
  }
})

t.test('idle_timeout ends a tunnel; off lets it be', async (t) => {
  const { url } = await echo(t)
  const short = await gatewayTo(t, url, { proxy: { upgrade: { idle_timeout: '200ms' } } })
  const socket = await open(short.api)
  const [code] = (await once(socket, 'close')) as [number]
  t.equal(code, 1001)
  await short.logged(1)
  t.equal(short.runtime.timers.size, 0)
  const never = await gatewayTo(t, url, { proxy: { timeout: '100ms', upgrade: { idle_timeout: 'off' } } })
  const lasting = await open(never.api)
  t.equal(never.runtime.timers.size, 0)
  lasting.send('x')
  await once(lasting, 'message')
  lasting.terminate()
  await never.logged(1)
})

t.test('a 101 to nothing, or that nobody asked for, is a 502 at once', async (t) => {
  const plain = 'GET /api HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n'
  const bare = 'HTTP/1.1 101 Switching Protocols\r\n\r\n'
  for (const [request, answer] of [
    [HANDSHAKE, bare],
    [HANDSHAKE, SWITCH.replace('Connection: Upgrade\r\n', '')],
    [HANDSHAKE, SWITCH.replace('Upgrade: websocket\r\n', '')],
    [HANDSHAKE, SWITCH.replace('websocket', 'foo')],
    [HANDSHAKE, SWITCH.replace('websocket', 'websocket, foo')],
    [plain, bare],
    [plain, SWITCH],
  ] as const) {
    let closed = 0
    const { port, outcomes, runtime } = await proxiedRaw(t, (socket) => {
      socket.on('close', () => closed++)
      onHead(socket, () => socket.write(answer))
    })
    t.match(await sendRaw(port, request), /^HTTP\/1.1 502 .*"code":"upstream_protocol_error"/s, answer)
    t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_protocol_error' } }])
    while (closed === 0 || runtime.timers.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
})

t.test('a 426 is an answer like any other', async (t) => {
  const { port } = await proxiedRaw(t, (socket) =>
    onHead(socket, () =>
      socket.write(
        'HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13, 8\r\nContent-Length: 2\r\n\r\nno',
      ),
    ),
  )
  t.match(await sendRaw(port, HANDSHAKE), /^HTTP\/1.1 426 .*Sec-WebSocket-Version: 13, 8\r\n.*\r\n\r\nno$/s)
})
