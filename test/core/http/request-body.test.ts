import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { BodySink } from '../../../core/api/body.ts'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { RequestBody } from '../../../core/http/request-body.ts'
import { ManualClock } from '../../../core/testing.ts'
import { connectTo } from '../../support/client.ts'

const STALL_MS = 1000
const BIG = 20 * 2 ** 20

/** What came out of a body; `takes` says whether the sink wants more. */
class Sink implements BodySink {
  takes = true
  received = 0
  readonly ends: string[] = []

  write(chunk: Buffer): boolean {
    this.received += chunk.length
    return this.takes
  }

  end(): void {
    this.ends.push('end')
  }

  fail(error: Error): void {
    this.ends.push(String((error as { code?: string }).code))
  }
}

/** The body of an upload to a server of Node's own, with time in the test's hand. */
async function upload(t: Test, framing: string, minRate = 0) {
  const server = createServer()
  server.on('clientError', (error, socket) => socket.destroy(error))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = await connectTo((server.address() as AddressInfo).port)
  client.on('error', () => {})
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  const asked = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>
  client.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
  const [message, response] = await asked
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  let continued = 0
  const body = new RequestBody(message, { ms: STALL_MS, minRate, timers }, () => continued++)
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      timers.advance()
    }
  }
  return { body, client, message, response, timers, pass, continued: () => continued, sink: new Sink() }
}

/** Waits until it holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

/** Waits until nothing more comes, at the sink or in the client's socket. */
async function still(client: Socket, sink: Sink): Promise<void> {
  for (let state = ''; state !== `${sink.received} ${client.bytesWritten - client.writableLength}`; ) {
    state = `${sink.received} ${client.bytesWritten - client.writableLength}`
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

t.test('a body is read from start on, and its client told once that it may send', async (t) => {
  const { body, client, sink, timers, pass, continued } = await upload(t, 'Content-Length: 5')
  client.write('hel')
  pass(60_000)
  t.strictSame([sink.received, continued(), timers.size], [0, 0, 0], 'nobody waits for it yet')
  body.start(sink)
  t.equal(continued(), 1)
  body.pause()
  body.resume()
  client.write('lo')
  await until(() => sink.ends.length > 0)
  t.strictSame([sink.received, body.received, sink.ends], [5, 5, ['end']])
  t.equal(timers.size, 0)
  await turn()
  t.strictSame(sink.ends, ['end'], 'once')
})

t.test('a paused body is not read, and its client is not late', async (t) => {
  const { body, client, sink, pass } = await upload(t, `Content-Length: ${BIG}`, 1_000_000)
  sink.takes = false
  body.start(sink)
  client.write(Buffer.alloc(BIG))
  await until(() => sink.received > 0)
  await still(client, sink)
  // One read of the parser may have more than one chunk.
  t.ok(sink.received <= 128 * 1024, `${sink.received} bytes came`)
  pass(60_500)
  t.strictSame([sink.ends, body.lost], [[], false])
  body.resume()
  pass(STALL_MS - 100)
  t.strictSame(sink.ends, [], 'the time counts from then on')
  sink.takes = true
  body.resume()
  await until(() => sink.ends.length > 0)
  t.strictSame([sink.received, sink.ends], [BIG, ['end']])
})

t.test('a client that stops sending is late, and so is one that goes on too slowly', async (t) => {
  for (const minRate of [0, 1_000_000]) {
    const { body, client, sink, timers, pass } = await upload(t, 'Content-Length: 100', minRate)
    body.start(sink)
    for (let i = 0; i < 20; i++) {
      client.write('x')
      await until(() => body.received > i)
      pass(STALL_MS - 200)
      if (minRate === 0) t.strictSame(sink.ends, [], 'each byte gives time')
    }
    if (minRate > 0) t.strictSame(sink.ends, ['request_body_timeout'], 'they are too few')
    pass(STALL_MS)
    t.strictSame([sink.ends, body.lost, timers.size], [['request_body_timeout'], true, 0])
  }
})

t.test('framing that breaks fails the sink, now or when it comes, and never a body that is whole', async (t) => {
  const during = await upload(t, 'Content-Length: 5')
  during.body.start(during.sink)
  during.body.break()
  t.strictSame([during.sink.ends, during.body.lost, during.timers.size], [['framing_invalid'], true, 0])

  const before = await upload(t, 'Content-Length: 5')
  before.body.break()
  before.body.start(before.sink)
  t.strictSame([before.sink.ends, before.continued()], [['framing_invalid'], 0])

  const after = await upload(t, 'Content-Length: 5')
  after.body.start(after.sink)
  after.client.write('hello')
  await until(() => after.sink.ends.length > 0)
  after.body.break()
  t.strictSame([after.sink.ends, after.body.lost], [['end'], false])
})

t.test('a client that leaves fails the sink once', async (t) => {
  const { body, client, sink, message, timers } = await upload(t, 'Transfer-Encoding: chunked')
  body.start(sink)
  client.write('5\r\nhello\r\n')
  await until(() => sink.received === 5)
  client.destroy()
  await until(() => message.closed)
  t.strictSame([sink.ends, timers.size], [['client_gone'], 0])
})

t.test('a body that is cancelled is paused, and its sink called no more', async (t) => {
  const { body, client, sink, message, timers } = await upload(t, `Content-Length: ${BIG}`)
  body.cancel()
  t.notOk(message.isPaused(), 'nobody has read it')
  body.start(sink)
  client.write('x')
  await until(() => sink.received === 1)
  body.cancel()
  t.strictSame([message.isPaused(), timers.size], [true, 0])
  client.destroy()
  await turn()
  t.strictSame([sink.received, sink.ends], [1, []])
})

t.test('the rest that is drained: read whole, late, and left by its client', async (t) => {
  const whole = await upload(t, `Content-Length: ${BIG}`)
  whole.body.start(whole.sink)
  whole.body.cancel()
  whole.body.drain()
  whole.client.write(Buffer.alloc(BIG))
  await until(() => whole.message.complete)
  await turn()
  t.strictSame([whole.body.received, whole.sink.received, whole.timers.size], [BIG, 0, 0])
  whole.body.drain()
  t.equal(whole.timers.size, 0, 'nothing is left to be waited for')

  const late = await upload(t, 'Content-Length: 5')
  late.body.drain()
  late.pass(STALL_MS + 200)
  t.ok(late.message.socket.destroyed, 'its connection ends')

  const left = await upload(t, 'Content-Length: 5', 1000)
  left.response.end()
  left.body.drain()
  t.equal(left.timers.size, 2, 'of the stall, and of the rate')
  left.client.destroy()
  await until(() => left.timers.size === 0)
})
