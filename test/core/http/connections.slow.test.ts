import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { proxied } from '../../filters/proxy/support.ts'
import { connectTo } from '../../support/client.ts'

const GET = 'GET /api HTTP/1.1\r\nHost: a\r\n\r\n'

/** Whether a new connection gets a response. */
async function serves(port: number, localAddress?: string): Promise<Socket | undefined> {
  const socket = connect({ port, host: '127.0.0.1', ...(localAddress === undefined ? {} : { localAddress }) })
  socket.on('error', () => {})
  socket.write(GET)
  const answered = await new Promise((resolve) => {
    socket.once('data', () => resolve(true))
    socket.once('close', () => resolve(false))
  })
  return answered === true ? socket : undefined
}

t.test('connections beyond max_connections are closed at once, and counted', async (t) => {
  const { port, metrics } = await proxied(t, (_req, res) => res.end('ok'), { limits: { maxConnections: 2 } })
  const first = await serves(port)
  const second = await serves(port)
  t.ok(first && second)
  t.equal(await serves(port), undefined)
  t.match(await metrics(), /^weir_connections_refused_total\{reason="total"\} 1$/m)
  second!.destroy()
  let third: Socket | undefined
  while (third === undefined) third = await serves(port)
  for (const socket of [first, third]) socket!.destroy()
})

t.test('connections of one address have a limit of their own', async (t) => {
  const { port, metrics } = await proxied(t, (_req, res) => res.end('ok'), {
    limits: { maxConnectionsPerAddress: 2 },
  })
  const [first, second] = [await serves(port, '127.0.0.2'), await serves(port, '127.0.0.2')]
  t.ok(first && second)
  t.equal(await serves(port, '127.0.0.2'), undefined)
  const other = await serves(port, '127.0.0.3')
  t.ok(other, 'another address')
  t.match(await metrics(), /^weir_connections_refused_total\{reason="address"\} 1$/m)
  first!.destroy()
  let again: Socket | undefined
  while (again === undefined) again = await serves(port, '127.0.0.2')
  t.equal(await serves(port, '127.0.0.2'), undefined, 'those that stayed still count')
  for (const socket of [second, again, other]) socket!.destroy()
})

t.test('a request that comes while the process is blocked is served, however long that lasts', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), { limits: { idleTimeoutMs: 500 } })
  const client = await connectTo(port)
  client.on('error', () => {})
  client.write(GET)
  await once(client, 'data')
  // The connection has been seen idle.
  await new Promise((resolve) => setTimeout(resolve, 1200))
  // Timers follow immediates.
  await new Promise(setImmediate)
  client.write(GET)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)
  const [first] = await Promise.race([once(client, 'data'), once(client, 'close')])
  t.match(String(first), /^HTTP\/1.1 200 OK/)
  client.destroy()
})

t.test('blank lines between requests do not keep a connection', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), {
    limits: { idleTimeoutMs: 500 },
  })
  const client = await connectTo(port)
  client.on('error', () => {})
  client.resume()
  client.write(GET)
  await once(client, 'data')
  const begun = performance.now()
  const blank = setInterval(() => client.write('\r\n'), 100)
  await once(client, 'close')
  clearInterval(blank)
  const took = performance.now() - begun
  t.ok(took >= 500 && took < 8000, `closed after ${took.toFixed(0)} ms`)
})

t.test('blank lines instead of a first request do not keep one either', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), { limits: { headersTimeoutMs: 500 } })
  const client = await connectTo(port)
  client.on('error', () => {})
  client.resume()
  const blank = setInterval(() => client.write('\r\n'), 100)
  await once(client, 'close')
  clearInterval(blank)
  t.pass('closed')
})

t.test('a request behind a blank line, and one that takes its time, are served', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), { limits: { idleTimeoutMs: 500 } })
  const client = await connectTo(port)
  let received = ''
  client.on('data', (chunk) => (received += chunk.toString('latin1')))
  client.write(GET)
  await once(client, 'data')
  // Longer than an idle connection stays; one is looked for once a second.
  for (const part of ['\r\n', 'GET', ' ', '/a', 'p']) {
    client.write(part)
    await new Promise((resolve) => setTimeout(resolve, 800))
  }
  client.write('i HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await once(client, 'close')
  t.equal(received.split('HTTP/1.1 200').length, 3)
})

t.test('a connection without a request has the time of a head', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), {
    limits: { idleTimeoutMs: 100, headersTimeoutMs: 3500 },
  })
  const client = await connectTo(port)
  const begun = performance.now()
  client.resume()
  await once(client, 'close')
  const took = performance.now() - begun
  t.ok(took >= 3400, `closed after ${took.toFixed(0)} ms`)
})

t.test('a connection whose request is being served is not idle', async (t) => {
  const { port } = await proxied(t, (_req, res) => void setTimeout(() => res.end('ok'), 3500), {
    limits: { idleTimeoutMs: 100 },
  })
  t.ok(await serves(port))
})

t.test('a connection that left the parser and came back counts once', async (t) => {
  const { port } = await proxied(t, (_req, res) => res.end('ok'), { limits: { maxConnectionsPerAddress: 1 } })
  const client = await connectTo(port)
  let received = ''
  client.on('data', (chunk) => (received += chunk.toString('latin1')))
  client.write(GET.repeat(60) + GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  await once(client, 'close')
  t.equal(received.split('HTTP/1.1 200').length - 1, 61)
  t.ok(await serves(port), 'and is gone when it has closed')
})
