import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { defineFilter } from '../../../core/index.ts'
import { connectTo, send, sendRaw } from '../../support/client.ts'
import { onHead, proxied, proxiedRaw, signal } from './support.ts'

const SIZE = 20 * 1024 * 1024
const bytes = randomBytes(SIZE)
const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex')
const wanted = digest(bytes)

function* pieces(): Generator<Buffer> {
  for (let i = 0; i < SIZE; i += 50_001) yield bytes.subarray(i, i + 50_001)
}

/** Reads a message to its end, now and then with a rest, so that whoever writes it must wait. */
async function slowly(message: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  let chunks = 0
  for await (const chunk of message) {
    hash.update(chunk as Buffer)
    if (++chunks % 16 === 0) await turn()
  }
  return hash.digest('hex')
}

for (const framing of ['chunked', 'length'] as const) {
  const headers = framing === 'length' ? { 'Content-Length': String(SIZE) } : {}

  t.test(`20 MiB up, ${framing}`, async (t) => {
    const seen: unknown[] = []
    const { api } = await proxied(t, async (req, res) => {
      seen.push(req.headers['content-length'], req.headers['transfer-encoding'])
      res.end(await slowly(req))
    })
    const { promise, fire } = signal<IncomingMessage>()
    const req = request(`${api}/x`, { method: 'PUT', headers, agent: false }, fire)
    await pipeline(Readable.from(pieces()), req)
    const answer = (await (await promise).toArray()) as Buffer[]
    t.equal(Buffer.concat(answer).toString(), wanted)
    t.same(seen, framing === 'length' ? [String(SIZE), undefined] : [undefined, 'chunked'])
  })

  t.test(`20 MiB down, ${framing}`, async (t) => {
    const { api, settled, outcomes, runtime } = await proxied(t, (_req, res) => {
      res.writeHead(200, headers)
      void pipeline(Readable.from(pieces()), res)
    })
    const message = await new Promise<IncomingMessage>((resolve) => request(api, { agent: false }, resolve).end())
    t.equal(message.headers['content-length'], framing === 'length' ? String(SIZE) : undefined)
    t.equal(await slowly(message), wanted)
    await settled(1)
    t.match(outcomes, [{ result: 'success', status: 200 }])
    t.equal(runtime.timers.size, 0)
  })
}

t.test('a reader that stops makes the upstream stop', async (t) => {
  let sent = 0
  const stopped = signal()
  const { port } = await proxied(t, (_req, res) => {
    res.writeHead(200, { 'Content-Length': 2 ** 40 })
    const chunk = Buffer.alloc(65536)
    const more = (): void => {
      for (sent += chunk.length; res.write(chunk); ) sent += chunk.length
    }
    // Two seconds without room count as having stopped; a proxy that reads on never lets it come to that.
    const watch = setTimeout(() => stopped.fire(), 1000)
    res.on('drain', () => {
      watch.refresh()
      more()
    })
    res.on('close', () => clearTimeout(watch))
    more()
  })
  const socket = await connectTo(port)
  socket.pause()
  socket.write('GET /api HTTP/1.1\r\nHost: weir\r\n\r\n')
  await stopped.promise
  socket.destroy()
  t.ok(sent < 64 * 1024 * 1024, `${sent} bytes, all of them in buffers of the system`)
})

t.test('HEAD: the length of a body that does not come', async (t) => {
  const { port } = await proxied(t, (_req, res) => {
    res.writeHead(200, { 'Content-Length': 12345 })
    res.end()
  })
  const answer = await sendRaw(port, 'HEAD /api HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n')
  t.match(answer, /^content-length: 12345\r$/im)
  t.ok(answer.endsWith('\r\n\r\n'))
  t.notMatch(answer, /transfer-encoding/i)
})

t.test('204 and 304 have no body, and the connection stays', async (t) => {
  const { port } = await proxied(t, (req, res) => {
    res.writeHead(Number(req.url?.slice(1)), req.url === '/304' ? { ETag: '"a"' } : {})
    res.end()
  })
  const get = (status: number, extra = ''): string => `GET /api/${status} HTTP/1.1\r\nHost: weir\r\n${extra}\r\n`
  const answer = await sendRaw(port, get(204) + get(304) + get(200, 'Connection: close\r\n'))
  t.same(answer.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200'])
})

t.test('the first event is there before the stream ends', async (t) => {
  const seen = signal()
  const { api } = await proxied(t, async (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('data: 1\n\n')
    await seen.promise
    res.end('data: 2\n\n')
  })
  const message = await new Promise<IncomingMessage>((resolve) => request(api, { agent: false }, resolve).end())
  let text = ''
  for await (const chunk of message) {
    text += String(chunk)
    if (text === 'data: 1\n\n') seen.fire()
  }
  t.equal(text, 'data: 1\n\ndata: 2\n\n')
})

t.test('a head without a body yet goes on at once', async (t) => {
  const seen = signal()
  const { api } = await proxied(t, async (_req, res) => {
    res.flushHeaders()
    await seen.promise
    res.end('late')
  })
  const message = await new Promise<IncomingMessage>((resolve) => request(api, { agent: false }, resolve).end())
  t.equal(message.statusCode, 200)
  seen.fire()
  t.equal(Buffer.concat((await message.toArray()) as Buffer[]).toString(), 'late')
})

t.test('an interim response is not the answer', async (t) => {
  const { api } = await proxied(t, (_req, res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' })
    res.writeProcessing()
    res.end('final')
  })
  t.match(await send(api), { status: 200, body: 'final' })
})

for (const size of [1000, 4 * 1024 * 1024]) {
  t.test(`the upstream answers early, during an upload of ${size} bytes`, async (t) => {
    const { api, port, settled, outcomes, runtime, logged } = await proxiedRaw(t, (socket) => {
      onHead(socket, () => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'))
    })
    const socket = await connectTo(port)
    let text = ''
    const answered = signal()
    socket.on('data', (chunk) => {
      text += String(chunk)
      if (text.endsWith('\r\n\r\nno')) answered.fire()
    })
    socket.on('error', () => {})
    socket.write(`POST /api HTTP/1.1\r\nHost: weir\r\nContent-Length: ${size}\r\n\r\nx`)
    await answered.promise
    t.match(text, /^HTTP\/1.1 403 Forbidden\r\n/)
    if (size > 100_000) t.match(text, /^connection: close\r$/im)
    // The rest of a short body is read, and the connection kept.
    socket.write('x'.repeat(size - 1))
    await logged(1)
    await settled(1)
    t.match(outcomes, [{ status: 403 }])
    socket.destroy()
    await new Promise((resolve) => (socket.closed ? resolve(undefined) : socket.once('close', resolve)))
    t.equal((await send(api)).status, 403, 'the gateway is well')
    t.ok(runtime.timers.size <= 1, 'at most the lingering connection')
  })
}

t.test('Expect: 100-continue', async (t) => {
  const { port } = await proxied(t, async (req, res) => {
    t.equal(req.headers.expect, undefined)
    res.end(Buffer.concat((await req.toArray()) as Buffer[]))
  })
  const socket = await connectTo(port)
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
    if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write('hello')
  })
  const over = new Promise((resolve) => socket.once('close', resolve))
  socket.write(
    'POST /api HTTP/1.1\r\nHost: weir\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
  )
  await over
  t.match(text, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/)
  t.ok(text.endsWith('hello'))
})

t.test('an upload that is kept for replay is let go of when the answer comes first', async (t) => {
  const dropped = signal<unknown>()
  const keeping = defineFilter({
    name: 'keeping',
    apiVersion: 1,
    create: () => ({
      request({ request: { body } }) {
        body.watch(dropped.fire)
        body.replay(1024 * 1024)
      },
    }),
  })
  const { port, runtime } = await proxiedRaw(
    t,
    (socket) => onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
    { filters: [keeping] },
  )
  const socket = await connectTo(port)
  const answered = signal()
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    if (received.endsWith('\r\n\r\nok')) answered.fire()
  })
  const failed = new Promise((resolve) => {
    socket.on('error', resolve)
    socket.on('close', () => resolve(undefined))
  })
  socket.write('POST /api HTTP/1.1\r\nHost: weir\r\nContent-Length: 900000\r\n\r\nbegin')
  await answered.promise
  t.equal(await dropped.promise, 'dropped')
  socket.end(Buffer.alloc(899_995))
  t.equal(await failed, undefined, 'no reset')
  const start = performance.now()
  while (runtime.timers.size > 0) await turn()
  t.ok(performance.now() - start < 1500, 'the rest is read, not left until the connection is given up')
})
