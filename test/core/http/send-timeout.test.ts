import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { SendTimeout } from '../../../core/http/send-timeout.ts'
import { connectTo } from '../../support/client.ts'

const SEND_MS = 60_000
const IDLE_MS = 30_000
const MIB = 1024 * 1024

/** A response to a client that reads nothing unless the test says so, and the limits on that client. */
async function responding(t: Test, minRate = 0) {
  const server = createServer({ keepAliveTimeout: IDLE_MS })
  t.teardown(() => void server.close().closeAllConnections())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const asked = once(server, 'request')
  const client = await connectTo((server.address() as AddressInfo).port)
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const res = (await asked)[1] as ServerResponse
  const socket = res.socket as Socket
  const time = { now: 0 }
  const timers = new TimerWheel({ now: () => time.now, manual: true })
  const pass = (ms: number): void => {
    for (const end = time.now + ms; time.now < end; timers.advance()) time.now += 50
  }
  let stalled = 0
  const limits = { sendTimeoutMs: SEND_MS, minRate }
  const sending = new SendTimeout(res, socket, limits, timers, () => stalled++)
  return { client, res, socket, timers, pass, sending, stalled: () => stalled }
}

t.test('the limits hold only while something waits to be sent', async (t) => {
  const { sending, socket, pass, timers, stalled } = await responding(t, 1000)
  for (let round = 0; round < 2; round++) {
    sending.start()
    t.equal(socket.timeout, SEND_MS)
    t.equal(timers.size, 1)
    sending.stop()
    t.equal(socket.timeout, 0)
    t.equal(timers.size, 0)
    pass(60_000)
  }
  t.equal(stalled(), 0)
})

t.test('after the response, idle_timeout holds for the connection', async (t) => {
  const { client, res, socket, sending } = await responding(t)
  res.write(Buffer.alloc(8 * MIB))
  sending.start()
  res.end()
  const finished = once(res, 'close')
  client.resume()
  await finished
  t.ok(socket.timeout! >= IDLE_MS && socket.timeout! < SEND_MS, `${socket.timeout} ms`)
})

t.test('a client that leaves leaves no deadline', async (t) => {
  const { client, res, timers, sending } = await responding(t, 1000)
  sending.start()
  t.equal(timers.size, 1)
  const closed = once(res, 'close')
  client.destroy()
  await closed
  t.equal(timers.size, 0)
})

t.test('a byte that waits counts once, however often the writer waits for it', async (t) => {
  const { res, socket, sending, pass, stalled } = await responding(t, MIB)
  res.write(Buffer.alloc(8 * MIB))
  // What the kernel takes is sent.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const waiting = socket.writableLength / MIB
  t.ok(waiting > 1, `${waiting} MiB`)
  let seconds = 0
  for (; stalled() === 0 && seconds < 60; seconds++) {
    sending.start()
    pass(1000)
  }
  t.ok(Math.abs(seconds - 10 - waiting) < 2, `${seconds} s for ${waiting} MiB`)
})
