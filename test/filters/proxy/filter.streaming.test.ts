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
