import { once } from 'node:events'
import { Socket } from 'node:net'
import t from 'tap'
import { specOf, startGateway } from '../../../core/testing.ts'
import { proxied } from '../../filters/proxy/support.ts'
import { connectTo, sendRaw } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

interface Writes {
  _write(chunk: unknown, encoding: unknown, done: unknown): void
  _writev(chunks: { chunk: unknown }[], done: unknown): void
}

const sockets = Socket.prototype as unknown as Writes

t.test('a small body of known length leaves in one write with its head, byte for byte', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256))
  const upstream = await startUpstream((_req, res) => res.end(bytes))
  t.teardown(() => upstream.close())
  const running = await startGateway(specOf([{ name: 'shop', url: upstream.url }]))
  t.teardown(() => running.close())
  const single = t.capture(sockets, '_write', sockets._write)
  const vector = t.capture(sockets, '_writev', sockets._writev)
  const received = await sendRaw(
    running.port,
    'GET /orchestrator/shop HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n',
  )
  t.ok(received.endsWith(bytes.toString('latin1')))
  // Only the gateway writes `Via` into a response.
  const downstream = single().filter(({ args: [text] }) => /^HTTP\/1.1 200 [\s\S]*\r\nVia: /.test(String(text)))
  t.match(downstream, { length: 1 })
  t.ok(String(downstream[0]?.args[0]).endsWith(bytes.toString('latin1')), 'head and body in one')
  t.notOk(vector().some(({ args: [chunks] }) => chunks.some(({ chunk }) => /\r\nVia: /.test(String(chunk)))))
})

t.test('the send timeout stops when the client has read what waited', async (t) => {
  let more = (): void => {}
  const { port, finished, logged } = await proxied(
    t,
    (_req, res) => {
      res.write(Buffer.alloc(8 * 2 ** 20, 'x'))
      more = () => void res.end('end')
    },
    { limits: { sendTimeoutMs: 300 } },
  )
  const client = await connectTo(port)
  client.write('GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  // The client lets the response wait, reads it, and then waits for the upstream longer than the timeout.
  await new Promise((resolve) => setTimeout(resolve, 100))
  let received = 0
  let last = ''
  client.on('data', (chunk) => {
    received += chunk.length
    last = chunk.toString('latin1')
  })
  while (received < 8 * 2 ** 20) await once(client, 'data')
  await new Promise((resolve) => setTimeout(resolve, 900))
  more()
  await once(client, 'close')
  await logged(1)
  t.match(finished, [{ outcome: 'completed', status: 200 }])
  t.match(last, /end\r\n/)
})
