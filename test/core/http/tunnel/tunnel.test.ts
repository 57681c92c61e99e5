import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { TimerWheel } from '../../../../core/base/timer-wheel.ts'
import { Tunnel } from '../../../../core/http/tunnel/tunnel.ts'
import { closeFrame, FrameTracker } from '../../../../core/http/tunnel/websocket-frames.ts'

const HOUR = 3_600_000
const CLOSE = Buffer.from([0x88, 2, 0x03, 0xe9])
const FRAME = Buffer.from([0x82, 3, 1, 2, 3])
const MASKED = Buffer.from([0x82, 0x83, 0, 0, 0, 0, 1, 2, 3])

/** Two ends of a connection, both of which may be half-closed. */
async function pair(t: Test): Promise<[Socket, Socket]> {
  const server: Server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'connection')
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(near, 'connect')
  const [far] = (await accepted) as [Socket]
  server.close()
  t.teardown(() => [near, far].forEach((socket) => void socket.destroy()))
  return [near, far]
}

/** What an end has received, and how it was closed. */
class End {
  readonly socket: Socket
  received = Buffer.alloc(0)
  ended = false
  error: string | undefined
  readonly closed: Promise<unknown>
  #wake = (): void => {}

  constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.error = code))
    socket.on('end', () => {
      this.ended = true
      this.#wake()
    })
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk as Buffer])
      this.#wake()
    })
  }

  async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  has(length: number): Promise<void> {
    return this.until(() => this.received.length >= length)
  }

  end(): Promise<void> {
    return this.until(() => this.ended)
  }
}

async function tunnelled(t: Test, { protocol = 'websocket', idleMs = HOUR, head = Buffer.alloc(0) } = {}) {
  let now = 0
  const timers = new TimerWheel({ manual: true, now: () => now })
  const [client, downstream] = await pair(t)
  const [upstream, server] = await pair(t)
  const over = Promise.withResolvers<void>()
  let overs = 0
  const onOver = (): void => {
    overs++
    over.resolve()
  }
  const tunnel = new Tunnel({ downstream, upstream, head, protocol, idleMs, timers, onOver })
  const finished = async (t: Test): Promise<void> => {
    await over.promise
    t.equal(overs, 1)
    t.equal(timers.size, 0, 'no deadline is left')
    t.ok(downstream.destroyed && upstream.destroyed)
  }
  return {
    tunnel,
    client: new End(client),
    server: new End(server),
    finished,
    timers,
    /** Lets time pass, up to two ticks more than asked for. */
    pass(ms: number): void {
      const end = now + ms + 100
      for (const step of [now + 50, end - 50, end]) {
        now = Math.max(now, step)
        timers.advance()
      }
    },
  }
}

t.test('the end of one direction does not end the other', async (t) => {
  const mebibyte = randomBytes(1024 * 1024)
  for (const first of ['client', 'server'] as const) {
    const { client, server, finished } = await tunnelled(t)
    const [early, late] = first === 'client' ? [client, server] : [server, client]
    early.socket.pause()
    early.socket.end('bye')
    await late.end()
    t.equal(String(late.received), 'bye')
    late.socket.end(mebibyte)
    // It has gone for good before the other side reads a byte.
    await new Promise((resolve) => setTimeout(resolve, 20))
    early.socket.resume()
    await early.end()
    t.ok(early.received.equals(mebibyte), first)
    await finished(t)
    t.equal(early.error ?? late.error, undefined)
  }
})

t.test('bytes after the head of the request go first', async (t) => {
  const { client, server } = await tunnelled(t, { head: MASKED })
  client.socket.write('x')
  await server.has(MASKED.length + 1)
  t.ok(server.received.equals(Buffer.concat([MASKED, Buffer.from('x')])))
})

t.test('a reset of one side resets the other', async (t) => {
  for (const first of ['client', 'server'] as const) {
    const { client, server, finished } = await tunnelled(t)
    const [broken, other] = first === 'client' ? [client, server] : [server, client]
    other.socket.write('some')
    await broken.has(4)
    broken.socket.resetAndDestroy()
    await other.closed
    t.equal(other.error, 'ECONNRESET', first)
    await finished(t)
  }
})

t.test('an upstream that has closed already', async (t) => {
  const timers = new TimerWheel({ manual: true })
  const [client, downstream] = await pair(t)
  const [upstream] = await pair(t)
  upstream.destroy()
  await once(upstream, 'close')
  const end = new End(client)
  const over = Promise.withResolvers<void>()
  const parts = { head: Buffer.alloc(0), protocol: 'websocket', idleMs: HOUR, timers, onOver: over.resolve }
  new Tunnel({ downstream, upstream, ...parts })
  await over.promise
  await end.closed
  t.equal(end.error, 'ECONNRESET')
  t.equal(timers.size, 0)
})

t.test('a slow reader slows the other side down, both ways', async (t) => {
  for (const slow of ['client', 'server'] as const) {
    const { client, server } = await tunnelled(t)
    const [reader, writer] = slow === 'client' ? [client, server] : [server, client]
    reader.socket.pause()
    const chunk = Buffer.alloc(256 * 1024)
    let written = 0
    // Until nothing moves any more: what is then held is the kernel's, and the tunnel's two buffers.
    for (let still = 0; still < 5; ) {
      if (writer.socket.writableLength < 1024 * 1024) {
        writer.socket.write(chunk)
        written += chunk.length
        still = 0
      } else still++
      await new Promise((resolve) => setTimeout(resolve, 10))
      if (written > 256 * 1024 * 1024) break
    }
    t.ok(written < 64 * 1024 * 1024, `${slow}: ${written} bytes were taken`)
    reader.socket.resume()
    await reader.has(written)
    t.equal(reader.received.length, written)
  }
})

t.test('an idle WebSocket ends with 1001 on both sides; any byte postpones that', async (t) => {
  const { client, server, finished, pass } = await tunnelled(t, { idleMs: 1000 })
  pass(900)
  client.socket.write(MASKED)
  await server.has(MASKED.length)
  pass(900)
  server.socket.write(FRAME)
  await client.has(FRAME.length)
  pass(850)
  t.equal(client.received.length, FRAME.length)
  pass(200)
  await client.has(FRAME.length + CLOSE.length)
  t.ok(client.received.subarray(FRAME.length).equals(CLOSE))
  await server.has(MASKED.length + 8)
  t.ok(closes(server.received, true))
  server.socket.write(FRAME)
  client.socket.end(closeFrame(1001, true))
  await Promise.all([client.end(), server.end()])
  server.socket.end()
  await finished(t)
  t.equal(client.received.length, FRAME.length + CLOSE.length, 'no data behind a Close')
  t.equal(client.error ?? server.error, undefined)
})

t.test('another protocol: an idle tunnel is ended, and goes on when the gateway stops', async (t) => {
  const { tunnel, client, server, finished, pass } = await tunnelled(t, { protocol: 'foo', idleMs: 1000 })
  tunnel.leave()
  client.socket.write('x')
  await server.has(1)
  server.socket.write('y')
  await client.has(1)
  pass(1000)
  await Promise.all([client.end(), server.end()])
  client.socket.write('is dropped')
  pass(5000)
  await finished(t)
  t.equal(String(client.received) + String(server.received), 'yx')
})

t.test('a half-closed tunnel has an idle timeout in any case', async (t) => {
  for (const idleMs of [1000, Infinity]) {
    const { client, server, finished, timers, pass } = await tunnelled(t, { idleMs })
    t.equal(timers.size, idleMs === Infinity ? 0 : 1)
    client.socket.end()
    await server.end()
    server.socket.write(FRAME)
    await client.has(FRAME.length)
    pass(Math.min(idleMs, HOUR))
    await client.has(FRAME.length + CLOSE.length)
    pass(5000)
    await finished(t)
    t.equal(client.error, undefined, 'the Close is not overtaken by a reset')
  }
})

/** True if the bytes are whole frames of which the last, and no other, is a Close. */
function closes(bytes: Buffer, masked: boolean): boolean {
  const tracker = new FrameTracker(masked)
  let at = 0
  while (at < bytes.length && !tracker.closed && !tracker.broken) at = tracker.push(bytes, at, true)
  return tracker.closed && at === bytes.length
}

t.test('leaving: a Close frame after the current frame, nothing after it', async (t) => {
  const { tunnel, client, server, finished } = await tunnelled(t)
  server.socket.write(FRAME.subarray(0, 4))
  client.socket.write(MASKED.subarray(0, 1))
  await Promise.all([client.has(4), server.has(1)])
  tunnel.leave()
  tunnel.leave()
  server.socket.write(Buffer.concat([FRAME.subarray(4), FRAME]))
  client.socket.write(Buffer.concat([MASKED.subarray(1), MASKED]))
  await Promise.all([client.has(FRAME.length + CLOSE.length), server.has(MASKED.length + 8)])
  t.ok(client.received.equals(Buffer.concat([FRAME, CLOSE])))
  t.ok(closes(server.received, true))
  server.socket.write(Buffer.concat([FRAME, CLOSE]))
  await server.end()
  t.notOk(client.ended, 'the client has not answered yet')
  client.socket.end(Buffer.concat([MASKED, closeFrame(1001, true)]))
  await client.end()
  server.socket.end()
  await finished(t)
  t.equal(client.error ?? server.error, undefined)
})

t.test('leaving between the fragments of a message', async (t) => {
  const { tunnel, client, server } = await tunnelled(t)
  server.socket.write(Buffer.from([0x02, 1, 7]))
  await client.has(3)
  tunnel.leave()
  await client.has(3 + CLOSE.length)
  t.ok(client.received.equals(Buffer.concat([Buffer.from([0x02, 1, 7]), CLOSE])))
})

t.test('leaving: a side that does not reply within 5 s is closed; in the middle of a frame it is reset', async (t) => {
  const { tunnel, client, server, finished, pass } = await tunnelled(t)
  client.socket.write(MASKED.subarray(0, 5))
  await server.has(5)
  tunnel.leave()
  await client.has(CLOSE.length)
  pass(4000)
  t.notOk(client.ended)
  pass(1000)
  await server.closed
  t.equal(server.error, 'ECONNRESET')
  t.equal(server.received.length, 5)
  await client.end()
  t.equal(client.error, undefined)
  await finished(t)
})

t.test(
  'going away after one side has said Close itself: the other’s answer is awaited, nothing is added',
  async (t) => {
    for (const first of ['client', 'server'] as const) {
      const { tunnel, client, server, finished } = await tunnelled(t)
      const own = { client: closeFrame(4000, true), server: closeFrame(4000, false) }
      const ends = { client, server }
      const other = first === 'client' ? 'server' : 'client'
      ends[first].socket.write(own[first])
      await ends[other].has(own[first].length)
      tunnel.leave()
      ends[other].socket.end(own[other])
      await ends[first].end()
      ends[first].socket.end()
      await finished(t)
      t.ok(ends[other].received.equals(own[first]))
      t.ok(ends[first].received.equals(own[other]))
    }
  },
)

t.test('leaving: if the current frame is a Close, no other follows', async (t) => {
  const { tunnel, client, server, finished } = await tunnelled(t)
  const own = closeFrame(4000, false)
  server.socket.write(own.subarray(0, 3))
  await client.has(3)
  tunnel.leave()
  server.socket.write(own.subarray(3))
  await client.has(4)
  client.socket.end(closeFrame(4000, true))
  await Promise.all([client.end(), server.end()])
  server.socket.end()
  await finished(t)
  t.ok(client.received.equals(own))
  t.ok(closes(server.received, true))
})

t.test('leaving: a tunnel whose bytes are no WebSocket frames is reset', async (t) => {
  for (const when of ['before', 'meanwhile'] as const) {
    const { tunnel, client, server, finished } = await tunnelled(t)
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\n')
    if (when === 'meanwhile') {
      server.socket.write(FRAME.subarray(0, 4))
      await client.has(4)
      tunnel.leave()
      server.socket.write(Buffer.concat([FRAME.subarray(4), bytes]))
    } else {
      server.socket.write(bytes)
      await client.has(bytes.length)
      tunnel.leave()
    }
    await client.closed
    t.equal(client.error, 'ECONNRESET')
    await finished(t)
  }
})

t.test('destroy closes both sides at once', async (t) => {
  const { tunnel, client, server, finished } = await tunnelled(t)
  tunnel.destroy()
  await finished(t)
  client.socket.end()
  server.socket.end()
  await Promise.all([client.closed, server.closed])
})
