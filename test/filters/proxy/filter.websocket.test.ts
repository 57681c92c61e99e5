import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { closeFrame } from '../../../core/http/tunnel/websocket-frames.ts'
import { connectTo, send, sendRaw } from '../../support/client.ts'
import { gatewayTo, onHead, type Proxied, proxiedRaw, signal } from './support.ts'

const FIELDS =
  'sec-websocket-KEY: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version:13\r\nSEC-WebSocket-Protocol: b, A\r\n' +
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nsec-websocket-protocol: c\r\n'
const HANDSHAKE = `GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${FIELDS}\r\n`
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
const FRAME = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])

const handshakeFields = (head: string): string[] => head.split('\r\n').filter((line) => /^sec-websocket/i.test(line))

/** A gateway before an upstream that switches at once and hands over its socket, both of which may be half-closed. */
async function switching(t: Test, settings: Parameters<typeof proxiedRaw>[2] = {}, rest = '') {
  const heads: string[] = []
  const switched = signal<Socket>()
  const gateway = await proxiedRaw(
    t,
    (socket) => {
      socket.allowHalfOpen = true
      let head = ''
      socket.on('data', function first(chunk) {
        head += chunk.toString('latin1')
        if (!head.includes('\r\n\r\n')) return
        socket.off('data', first)
        socket.pause()
        heads.push(head)
        socket.write(`${SWITCH}${rest}\r\n`)
        switched.fire(socket)
      })
    },
    settings,
  )
  return { ...gateway, heads, switched: switched.promise }
}

/** Collects what a socket receives; resolves with it when it has that many bytes. */
function reading(socket: Socket): (length: number) => Promise<Buffer> {
  let received = Buffer.alloc(0)
  let wake = (): void => {}
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk as Buffer])
    wake()
  })
  socket.resume()
  return async (length) => {
    while (received.length < length) await new Promise<void>((resolve) => (wake = resolve))
    return received
  }
}

async function untilHead(socket: Socket): Promise<[head: string, rest: Buffer]> {
  let received = Buffer.alloc(0)
  while (!received.includes('\r\n\r\n')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    received = Buffer.concat([received, chunk])
  }
  socket.pause()
  const end = received.indexOf('\r\n\r\n') + 4
  return [received.subarray(0, end).toString('latin1'), received.subarray(end)]
}

t.test('the fields of the handshake pass byte for byte, in order, both ways', async (t) => {
  const answer = 'sec-WebSocket-accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\nSec-Websocket-PROTOCOL: A\r\n'
  const { port, heads, switched } = await switching(t, {}, answer)
  const received = await sendRaw(port, HANDSHAKE, (bytes) => bytes.includes('\r\n\r\n'))
  // White space around a value is none of its bytes (RFC 9110 §5.5).
  t.same(handshakeFields(heads[0]!), handshakeFields(FIELDS.replace('Version:13', 'Version: 13')))
  t.same(handshakeFields(received), handshakeFields(answer))
  ;(await switched).destroy()
})

t.test('half-closed through the gateway, with what is under way', async (t) => {
  const { port, switched, logged, finished, runtime, settled } = await switching(t)
  const client = await connectTo(port)
  client.allowHalfOpen = true
  client.write(HANDSHAKE)
  await untilHead(client)
  const upstream = await switched
  upstream.end()
  client.resume()
  await once(client, 'end')
  const mebibyte = Buffer.alloc(1024 * 1024, 7)
  client.end(mebibyte)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const read = reading(upstream)
  t.ok((await read(mebibyte.length)).equals(mebibyte))
  await logged(1)
  await settled(1)
  t.match(finished, [{ outcome: 'completed', status: 101 }])
  t.equal(runtime.timers.size, 0)
})

t.test('frames that come while earlier requests are served, or before the 101, are not lost', async (t) => {
  const pending: (() => void)[] = []
  const { port } = await proxiedRaw(t, (socket) => {
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      if (!text.startsWith('GET')) return void socket.write(chunk)
      pending.push(() =>
        socket.write(text.includes('upgrade') ? `${SWITCH}\r\n` : 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst'),
      )
    })
  })
  const more = async (count: number): Promise<void> => {
    while (pending.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  for (const [early, late] of [
    [FRAME, Buffer.alloc(0)],
    [Buffer.alloc(0), FRAME],
    [FRAME.subarray(0, 3), FRAME.subarray(3)],
  ] as const) {
    pending.length = 0
    const client = await connectTo(port)
    const read = reading(client)
    client.write(Buffer.concat([Buffer.from(`GET /api HTTP/1.1\r\nHost: weir\r\n\r\n${HANDSHAKE}`), early]))
    await more(1)
    client.write(late)
    pending[0]!()
    await more(2)
    pending[1]!()
    let bytes: Buffer = Buffer.alloc(0)
    while (!bytes.subarray(-FRAME.length).equals(FRAME)) bytes = await read(bytes.length + 1)
    t.match(bytes.toString('latin1'), /^HTTP\/1.1 200 OK.*first.*HTTP\/1.1 101 /s)
    client.destroy()
  }
})

t.test('a client that ends behind its frames has not left', async (t) => {
  const { port, switched } = await switching(t)
  const client = await connectTo(port)
  client.allowHalfOpen = true
  client.end(Buffer.concat([Buffer.from(HANDSHAKE), FRAME]))
  const read = reading(await switched)
  t.ok((await read(FRAME.length)).equals(FRAME))
  t.match((await untilHead(client))[0], /^HTTP\/1.1 101 /)
  ;(await switched).destroy()
})

t.test('an offer to upgrade with a body is ignored, and the body goes on', async (t) => {
  const bodies: string[] = []
  const { port } = await proxiedRaw(t, (socket) => {
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (!received.endsWith('hello')) return
      bodies.push(received)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  for (const parts of [['hello'], ['he', 'llo']]) {
    const client = await connectTo(port)
    const over = signal()
    let answer = ''
    client.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      if (answer.endsWith('ok')) over.fire()
    })
    client.write(HANDSHAKE.replace('GET', 'POST').replace('\r\n\r\n', `\r\nContent-Length: 5\r\n\r\n${parts[0]}`))
    if (parts[1] !== undefined) setTimeout(() => client.write(parts[1]!), 50)
    await over.promise
    t.match(answer, /^HTTP\/1.1 200 OK.*Connection: close.*ok$/s)
    client.destroy()
  }
  t.equal(bodies.length, 2)
  for (const bytes of bodies) t.notMatch(bytes, /^upgrade:/im)
})

/** A gateway before a WebSocket server that echoes. */
async function echoing(
  t: Test,
  settings: Parameters<typeof gatewayTo>[2] = {},
): Promise<Proxied & { server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return { ...(await gatewayTo(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, settings)), server }
}

const UPGRADE = { Connection: 'Upgrade', Upgrade: 'websocket' }

t.test('breaker and method-check refuse a handshake as any other request', async (t) => {
  const { api, server } = await echoing(t, { own: { 'method-check': { methods: ['POST'] } } })
  const refused = await send(api, { headers: UPGRADE })
  t.equal(refused.status, 405)
  t.equal(refused.headers.connection, 'close')
  t.equal(server.clients.size, 0)
  let connections = 0
  const failing = await proxiedRaw(
    t,
    (socket) => {
      connections++
      onHead(socket, () => socket.end('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'))
    },
    { breaker: { failure_threshold: 1 } },
  )
  t.equal((await send(failing.api, { headers: UPGRADE })).status, 503)
  const open = await send(failing.api, { headers: UPGRADE })
  t.equal(open.status, 503)
  t.match(open.json(), { code: 'breaker_open' })
  t.equal(connections, 1)
  t.match(await failing.metrics(), /^weir_upgrades_active\{endpoint="api"\} 0$/m)
})

t.test('the gateway closes: both sides are told 1001, also of a handshake that is under way', async (t) => {
  const { api, server, gateway, runtime, logged } = await echoing(t)
  const codes: number[] = []
  const closed = signal()
  server.on('connection', (socket) =>
    socket.on('close', (code) => {
      if (codes.push(code) === 2) closed.fire()
    }),
  )
  const accepted = signal<(ok: boolean) => void>()
  let slow = false
  server.options.verifyClient = (_info: unknown, done: (ok: boolean) => void) =>
    slow ? accepted.fire(done) : done(true)
  const socket = new WebSocket(api.replace('http', 'ws'))
  await once(socket, 'open')
  const gone = once(socket, 'close') as Promise<[number]>
  slow = true
  const late = new WebSocket(api.replace('http', 'ws'))
  const lateGone = once(late, 'close') as Promise<[number]>
  const done = await accepted.promise
  const clean = gateway.close(4000)
  t.equal((await gone)[0], 1001)
  done(true)
  t.equal((await lateGone)[0], 1001)
  t.equal(await clean, true, 'nothing had to be cut')
  await closed.promise
  t.same(codes, [1001, 1001])
  await logged(2)
  t.equal(runtime.timers.size, 0)
})

t.test('the gateway closes amid a message: the client gets the frame whole, then Close', async (t) => {
  const { port, switched, gateway } = await switching(t)
  const client = await connectTo(port)
  client.write(HANDSHAKE)
  const [, rest] = await untilHead(client)
  t.equal(rest.length, 0)
  const read = reading(client)
  client.resume()
  const upstream = await switched
  upstream.on('error', () => {})
  upstream.resume()
  upstream.write(Buffer.from([0x82, 5, 1, 2]))
  await read(4)
  const clean = gateway.close(4000)
  upstream.write(Buffer.from([3, 4, 5, 0x81, 1, 0x61]))
  t.ok((await read(11)).equals(Buffer.from([0x82, 5, 1, 2, 3, 4, 5, 0x88, 2, 0x03, 0xe9])))
  const ended = once(client, 'end')
  client.end(closeFrame(1001, true))
  await ended
  upstream.end()
  t.ok(await clean)
})
