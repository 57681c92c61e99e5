import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { reset } from '../../../../core/http/tunnel/tunnel-flow.ts'
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
