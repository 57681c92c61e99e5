import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { Duplex, Readable, Writable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { Flow, reset } from '../../../../core/http/tunnel/tunnel-flow.ts'
import { connectTo } from '../../../support/client.ts'

/** Both ends of a connection, and how the client's was closed. */
async function pair(t: Test): Promise<{ socket: Socket; closed: Promise<string> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = await connectTo((server.address() as { port: number }).port)
  const closed = new Promise<string>((resolve) => {
    client.on('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)))
    client.on('close', () => resolve('end'))
  })
  client.resume()
  const [socket] = await accepted
  t.teardown(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return { socket, closed }
}

t.test('a connection is reset, one with TLS ends without notice, any other stream is destroyed', async (t) => {
  const plain = await pair(t)
  reset(plain.socket)
  t.equal(await plain.closed, 'ECONNRESET')
  reset(plain.socket)

  const encrypted = await pair(t)
  const tls = new TLSSocket(encrypted.socket, { isServer: true })
  tls.on('error', () => {})
  reset(tls)
  t.equal(await encrypted.closed, 'end')

  const stream = new Duplex()
  reset(stream)
  t.ok(stream.destroyed)
})

t.test('bytes of a tunnel count for the collection of the young generation', async (t) => {
  let minor = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if ((entry as unknown as { detail: { kind: number } }).detail.kind === constants.NODE_PERFORMANCE_GC_MINOR)
        minor++
  })
  observer.observe({ entryTypes: ['gc'] })
  t.teardown(() => observer.disconnect())
  const chunk = Buffer.alloc(64 * 1024)
  const from = Readable.from(Array.from({ length: 10 * 256 }, () => chunk)) as unknown as Duplex
  let received = 0
  const to = new Writable({
    write(bytes: Buffer, _, done) {
      received += bytes.length
      done()
    },
  }) as unknown as Duplex
  const ended = new Promise<void>((resolve) => {
    new Flow(from, to, undefined, { moved: () => {}, ended: resolve, heard: () => {} }).start()
  })
  await ended
  // Entries are told of later.
  for (let i = 0; i < 200 && minor < 10; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(received, 10 * 256 * chunk.length)
  t.ok(minor >= 10, `${minor} collections`)
})
