import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { proxied } from './support.ts'

const ROUNDS = 50

/** A frame as gRPC-Web has it: flags, length, bytes. */
const frame = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const kinds: [type: string, piece: (n: number) => string | Buffer][] = [
  ['text/event-stream', (n) => `id: ${n}\ndata: ${n}\n\n`],
  ['application/json', (n) => `{"n":${n}}\n`],
  ['application/grpc-web+proto', (n) => frame(`message ${n}`)],
]

for (const [type, piece] of kinds) {
  t.test(`${type}: each piece arrives before the next is made`, async (t) => {
    let go = (): void => {}
    const { api } = await proxied(t, async (_req, res) => {
      res.writeHead(200, { 'Content-Type': type })
      for (let n = 0; n < ROUNDS; n++) {
        res.write(piece(n))
        await new Promise<void>((resolve) => (go = resolve))
      }
      res.end()
    })
    const message = await new Promise<IncomingMessage>((resolve) => request(api, { agent: false }, resolve).end())
    let count = 0
    for await (const chunk of message) {
      t.same(Buffer.from(chunk), Buffer.from(piece(count++)))
      go()
    }
    t.equal(count, ROUNDS)
  })
}

t.test('both ways at once: each piece is answered before the next is sent', async (t) => {
  const { api } = await proxied(t, (req, res) => {
    res.writeHead(200, { 'Content-Type': 'application/grpc-web+proto' })
    res.flushHeaders()
    req.on('data', (chunk: Buffer) => res.write(chunk))
    req.on('end', () => res.end())
  })
  const call = request(api, { method: 'POST', agent: false })
  call.write(frame('0'))
  const [message] = (await once(call, 'response')) as [IncomingMessage]
  let count = 0
  for await (const chunk of message) {
    t.same(chunk, frame(String(count++)))
    if (count < ROUNDS) call.write(frame(String(count)))
    else call.end()
  }
  t.equal(count, ROUNDS)
})

// RFC 9112 §9.3: a response may begin, and go on, while the request is still being sent.
t.test('a client may pause its upload while the response goes on, for longer than idle_timeout', async (t) => {
  const { api, outcomes, settled } = await proxied(
    t,
    (req, res) => {
      res.flushHeaders()
      req.on('data', (chunk: Buffer) => res.write(chunk))
      req.on('end', () => res.end())
      req.on('error', () => {})
    },
    { proxy: { idle_timeout: '200ms' } },
  )
  const call = request(api, { method: 'POST', agent: false })
  call.write('one')
  const [message] = (await once(call, 'response')) as [IncomingMessage]
  const pieces: string[] = []
  for await (const chunk of message) {
    pieces.push(String(chunk))
    if (pieces.length === 3) call.end()
    else setTimeout(() => call.write(`piece ${pieces.length}`), 700)
  }
  t.same(pieces, ['one', 'piece 1', 'piece 2'])
  await settled(1)
  t.match(outcomes, [{ result: 'success' }])
})

t.test('an upstream that is silent once it has the whole upload is cut, though it has responded', async (t) => {
  const { api, outcomes, settled } = await proxied(t, (req, res) => void [res.write('begun'), req.resume()], {
    proxy: { idle_timeout: '200ms' },
  })
  const call = request(api, { method: 'POST', agent: false })
  call.write('one')
  const [message] = (await once(call, 'response')) as [IncomingMessage]
  call.end('two')
  const error = await message.toArray().then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  t.ok(error, 'the client sees that the response is not complete')
  await settled(1)
  t.match(outcomes, [{ result: 'failure', error: { code: 'upstream_idle_timeout' } }])
})

t.test('the time for a response begins when the client ends its upload', async (t) => {
  const { api } = await proxied(
    t,
    (req, res) => void req.resume().on('end', () => setTimeout(() => res.end('ok'), 100)),
    { proxy: { timeout: '500ms' } },
  )
  const call = request(api, { method: 'POST', agent: false })
  call.write('one')
  setTimeout(() => call.end(), 900)
  const [message] = (await once(call, 'response')) as [IncomingMessage]
  t.equal(message.statusCode, 200)
  message.resume()
})
