import { connect, type Socket } from 'node:net'
import t from 'tap'
import { WriteErrors } from '../../../filters/proxy/write-errors.ts'
import { connectTo } from '../../support/client.ts'
import { startRawUpstream } from '../../support/upstream.ts'
import { proxiedRaw, signal } from './support.ts'

const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig'
const REQUESTS = 32

/** Uploads 32 MiB, or as much as is taken, and gives all that comes back. */
function upload(port: number): Promise<string> {
  const chunk = Buffer.alloc(64 * 1024)
  return new Promise((resolve) => {
    const client = connect(port, '127.0.0.1')
    let received = ''
    client.on('data', (bytes) => (received += bytes))
    client.on('error', () => {})
    client.on('close', () => resolve(received))
    client.write('POST /api/x HTTP/1.1\r\nHost: weir\r\nContent-Length: 33554432\r\n\r\n')
    let left = 512
    const write = (): void => {
      while (left-- > 0 && !client.destroyed) if (!client.write(chunk)) return void client.once('drain', write)
    }
    write()
  })
}

const endings: [string, (socket: Socket) => void][] = [
  ['closes', (socket) => socket.destroy()],
  ['resets', (socket) => socket.resetAndDestroy()],
]
for (const [name, end] of endings) {
  // envoyproxy/envoy#2929: the client got a 503. nginx loses about half of them.
  t.test(`an upstream that refuses an upload and ${name}: the client has the response, each time`, async (t) => {
    const { port, outcomes, settled } = await proxiedRaw(t, (socket) =>
      socket.once('data', () => {
        socket.pause()
        socket.write(TOO_LARGE, () => end(socket))
      }),
    )
    const responses = await Promise.all(Array.from({ length: REQUESTS }, () => upload(port)))
    t.equal(responses.filter((text) => /^HTTP\/1\.1 413 [\s\S]*\r\n\r\nbig$/.test(text)).length, REQUESTS)
    await settled(REQUESTS)
    t.equal(outcomes.filter(({ result, status }) => result === 'success' && status === 413).length, REQUESTS)
  })
}

t.test('an upstream that resets an upload without a response is a failure', async (t) => {
  const { port, settled, outcomes } = await proxiedRaw(t, (socket) =>
    socket.once('data', () => socket.resetAndDestroy()),
  )
  t.match(await upload(port), /^HTTP\/1\.1 502 .*[\s\S]*upstream_reset/)
  await settled(1)
  t.match(outcomes, [{ result: 'failure' }])
})

t.test('the error of a write is told at once, or if it is held when the read side ends', async (t) => {
  for (const held of [true, false]) {
    const peer = signal<Socket>()
    const upstream = await startRawUpstream((socket) => peer.fire(socket))
    t.teardown(() => upstream.close())
    const socket = await connectTo(upstream.port)
    const events: string[] = []
    socket.on('end', () => events.push('end'))
    socket.on('error', ({ syscall }: NodeJS.ErrnoException) => events.push(String(syscall)))
    const closed = new Promise((done) => socket.once('close', done))
    new WriteErrors(socket).held = held
    const other = await peer.promise
    // Nobody reads here, so that the reset is found by a write.
    await new Promise((done) => other.once('close', done).resetAndDestroy())
    socket.write('x')
    await closed
    t.same(events, held ? ['end', 'write'] : ['write'])
  }
})

t.test('behind the end of the read side there is nothing to wait for', async (t) => {
  const peer = signal<Socket>()
  const upstream = await startRawUpstream((socket) => peer.fire(socket))
  t.teardown(() => upstream.close())
  const socket = connect({ port: upstream.port, host: '127.0.0.1', allowHalfOpen: true })
  const error = new Promise<NodeJS.ErrnoException>((done) => socket.once('error', done))
  new WriteErrors(socket).held = true
  const other = await peer.promise
  const ended = new Promise((done) => socket.resume().once('end', done))
  other.end()
  await ended
  await new Promise((done) => other.once('close', done).resetAndDestroy())
  socket.write('x')
  t.equal((await error).syscall, 'write')
})

t.test('a tunnel on a connection that has carried an upload ends with a reset', async (t) => {
  const tunnel = signal<Socket>()
  let opened = 0
  const { port, logged, finished } = await proxiedRaw(t, (socket) => {
    opened++
    socket.on('data', (bytes) => {
      if (!String(bytes).includes('websocket')) return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
      tunnel.fire(socket)
    })
  })
  const client = await connectTo(port)
  client.on('error', () => {})
  client.write('POST /api/x HTTP/1.1\r\nHost: weir\r\nContent-Length: 5\r\n\r\nhello')
  await new Promise((done) => client.once('data', done))
  client.write('GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const upstream = await tunnel.promise
  await new Promise((done) => client.once('data', done))
  upstream.resetAndDestroy()
  const closed = new Promise((done) => client.once('close', done))
  client.write('x')
  await closed
  await logged(2)
  t.equal(opened, 1)
  t.equal(finished[1]?.status, 101)
})
