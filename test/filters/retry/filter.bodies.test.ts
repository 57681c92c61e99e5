import { once } from 'node:events'
import t from 'tap'
import { connectTo, send } from '../../support/client.ts'
import { onHead, proxied, proxiedRaw, signal } from '../proxy/support.ts'
import { counted, inTurn, retrying } from './support.ts'

t.test('bodies', async (t) => {
  const { listener, bodies } = inTurn(503, 200, 503, 200, 503, 503)
  const gateway = await proxied(t, listener, retrying({ max_body: '1KiB' }))
  const put = async (body: string, headers = {}): Promise<number> =>
    (await send(gateway.api, { method: 'PUT', body, headers })).status
  const small = 'a'.repeat(1024)
  t.equal(await put(small), 200)
  t.same(bodies, [small, small])
  t.equal(await put(small, { 'Transfer-Encoding': 'chunked' }), 200)
  t.same(bodies.slice(2), [small, small])
  t.equal(await put('b'.repeat(1025)), 503)
  t.equal(await put('b'.repeat(100_000), { 'Transfer-Encoding': 'chunked' }), 503)
  t.equal(bodies.length, 6)
  t.match(await counted(gateway), { body: 2 })
})

t.test('an answer in the middle of an upload', async (t) => {
  let connections = 0
  let second = ''
  const gateway = await proxiedRaw(
    t,
    (socket) => {
      const first = ++connections === 1
      socket.on('data', (chunk) => {
        if (first) return void socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy')
        second += chunk.toString()
        if (second.endsWith('world')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    },
    retrying(),
  )
  const client = await connectTo(gateway.port)
  let received = ''
  client.on('data', (chunk) => (received += chunk.toString()))
  client.write('PUT /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhello')
  await gateway.settled(1)
  while (connections < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  client.write('world')
  await once(client, 'close')
  t.match(received, /^HTTP\/1\.1 200 .*ok$/s)
  t.match(second, /\r\n\r\nhelloworld$/)
})

t.test('a failed answer that is long, or does not end, costs its connection', async (t) => {
  for (const write of [
    (n: number) => n === 1 && 'HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nbusy',
    (n: number) => n === 1 && `HTTP/1.1 503 Busy\r\nContent-Length: 99999\r\n\r\n${'x'.repeat(99_999)}`,
    (n: number) =>
      n === 1 && `HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n1869f\r\n${'x'.repeat(99_999)}\r\n`,
  ]) {
    let requests = 0
    const closed = signal()
    const gateway = await proxiedRaw(
      t,
      (socket) =>
        onHead(socket, () => {
          const n = ++requests
          socket.write(write(n) || 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          if (n === 1) socket.on('close', () => closed.fire())
        }),
      retrying(),
    )
    t.equal((await send(gateway.api)).body, 'ok')
    await closed.promise
    t.match(gateway.outcomes[0], { status: 503 })
  }
})
