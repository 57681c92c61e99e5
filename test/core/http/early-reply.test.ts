import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { endSlowly } from '../../../core/http/early-reply.ts'
import { ManualClock } from '../../../core/testing.ts'
import { connectTo } from '../../support/client.ts'

/** A connection whose end, on the gateway's side, lingers after the last response. */
async function lingering(t: Test, before?: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = await connectTo((server.address() as { port: number }).port)
  // The client goes on after the end of the response.
  client.allowHalfOpen = true
  client.on('error', () => {})
  let received = ''
  client.on('data', (chunk) => (received += chunk.toString('latin1')))
  const [socket] = await accepted
  socket.on('error', () => {})
  t.teardown(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const pass = (ms: number): void => {
    clock.advance(ms)
    timers.advance()
  }
  before?.(socket)
  socket.write('response')
  const closed = once(socket, 'close')
  endSlowly(socket, timers)
  await once(client, 'end')
  return { client, socket, timers, pass, closed, received: () => received }
}

/** Sends so many bytes, and waits until the gateway has read them. */
async function upload(client: Socket, socket: Socket, size: number): Promise<void> {
  const end = socket.bytesRead + size
  client.write(Buffer.alloc(size))
  while (socket.bytesRead < end && !socket.destroyed) await turn()
}

t.test('a client that ends in its turn ends the connection, whether it was read before or not', async (t) => {
  for (const before of [undefined, (socket: Socket) => void socket.pause()]) {
    const { client, socket, timers, closed, received } = await lingering(t, before)
    await upload(client, socket, 1000)
    t.notOk(socket.destroyed)
    client.end()
    await closed
    t.strictSame([received(), timers.size], ['response', 0])
  }
})

t.test('one that goes on sending is cut after a time, or after too much', async (t) => {
  const slow = await lingering(t)
  slow.pass(1500)
  await upload(slow.client, slow.socket, 1000)
  t.notOk(slow.socket.destroyed)
  slow.pass(700)
  await slow.closed

  const long = await lingering(t)
  await upload(long.client, long.socket, 2 ** 20)
  t.notOk(long.socket.destroyed, 'a megabyte is read')
  await upload(long.client, long.socket, 1)
  await long.closed
  t.equal(long.timers.size, 0)
})
