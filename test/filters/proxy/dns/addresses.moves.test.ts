import { once } from 'node:events'
import { Agent, createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { TimerWheel } from '../../../../core/base/timer-wheel.ts'
import { ManualClock } from '../../../../core/testing.ts'
import { connectTo, send } from '../../../support/client.ts'
import { type DnsServer, startDns } from '../../../support/dns.ts'
import { tally } from '../balancers/support.ts'
import { gatewayTo, onHead, signal } from '../support.ts'

interface Test {
  teardown(fn: () => unknown): unknown
}

interface Host {
  readonly server: Server
  /** Connections that are open. */
  open(): Promise<number>
}

/** A server at each address, all at one port, that says its address. */
async function hosts(t: Test, addresses: readonly string[], listener?: RequestListener) {
  const all = new Map<string, Host>()
  let port = 0
  for (const address of addresses) {
    const server = createServer((req, res) => {
      if (req.url === '/slow') listener?.(req, res)
      else if (req.url === '/host') res.end(req.headers.host)
      else res.end(address)
    })
    server.listen(port, address)
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    all.set(address, {
      server,
      open: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    })
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
  }
  return { port, at: (address: string) => all.get(address)! }
}

async function setUp(t: Test, dns: DnsServer, port: number) {
  t.teardown(() => dns.close())
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const { api, port: own } = await gatewayTo(t, `http://up.test:${port}`, {
    proxy: { keep_alive: '1m', dns: { servers: [dns.address] } },
    time: { clock, timers },
  })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const get = async (path = ''): Promise<string> => {
    const { status, body } = await send(api + path, { agent })
    return status === 200 ? body : String(status)
  }
  /** Lets the TTL run out; resolves when the name server was asked and its answer has gone. */
  const expire = async (ms: number): Promise<void> => {
    const before = dns.asked.length
    clock.advance(ms)
    timers.advance()
    while (dns.asked.length < before + 2) await delay(1)
  }
  return { get, expire, port: own }
}

/** Waits for what has been set off to be seen; a test that fails hangs until tap ends it. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await delay(1)
}

t.test('an upstream moves: requests follow within the TTL, and none fails', async (t) => {
  const { port, at } = await hosts(t, ['127.0.0.2', '127.0.0.3'])
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.2'], ttl: 10 } })
  const { get, expire } = await setUp(t, dns, port)
  for (let i = 0; i < 3; i++) t.equal(await get(), '127.0.0.2')
  t.equal(await at('127.0.0.2').open(), 1)
  t.equal(dns.asked.length, 2, 'A and AAAA, once')
  t.equal(await get('/host'), `up.test:${port}`, 'Host is the name')

  dns.names.set('up.test', { addresses: ['127.0.0.3'], ttl: 10 })
  t.equal(await get(), '127.0.0.2', 'the TTL holds')
  await expire(10_200)
  const bodies: string[] = []
  await until(async () => bodies[bodies.push(await get()) - 1] === '127.0.0.3')
  for (let i = 0; i < 10; i++) bodies.push(await get())
  t.match(bodies.join(' '), /^(127\.0\.0\.2 )*(127\.0\.0\.3 ?)+$/, 'and none goes back')
  await until(async () => (await at('127.0.0.2').open()) === 0)
  t.pass('the connection that was kept is closed')
})

t.test('what is in flight finishes where it began, and its connection is not used again', async (t) => {
  const begun = signal()
  const go = signal()
  const { port, at } = await hosts(t, ['127.0.0.2', '127.0.0.3'], async (_req, res) => {
    res.write('beg')
    begun.fire()
    await go.promise
    res.end('un')
  })
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.2'], ttl: 10 } })
  const { get, expire } = await setUp(t, dns, port)
  const slow = get('/slow')
  await begun.promise
  dns.names.set('up.test', { addresses: ['127.0.0.3'], ttl: 10 })
  await get()
  await expire(10_200)
  await until(async () => (await get()) === '127.0.0.3')
  t.equal(await at('127.0.0.2').open(), 1, 'the idle one is closed, the busy one is not')
  go.fire()
  t.equal(await slow, 'begun')
  await until(async () => (await at('127.0.0.2').open()) === 0)
  for (let i = 0; i < 3; i++) t.equal(await get(), '127.0.0.3')
})

t.test('a tunnel outlives the move', async (t) => {
  const { port, at } = await hosts(t, ['127.0.0.2', '127.0.0.3'])
  at('127.0.0.2').server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.on('data', (bytes) => socket.write(bytes))
    socket.on('error', () => {})
  })
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.2'], ttl: 10 } })
  const { get, expire, port: own } = await setUp(t, dns, port)
  const client = await connectTo(own)
  t.teardown(() => client.destroy())
  client.write('GET /api HTTP/1.1\r\nHost: weir\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await new Promise<void>((resolve) => onHead(client, () => resolve()))
  dns.names.set('up.test', { addresses: ['127.0.0.3'], ttl: 10 })
  await get()
  await expire(10_200)
  await until(async () => (await get()) === '127.0.0.3')
  client.removeAllListeners('data')
  const frame = Buffer.from([0x82, 0x80, 0, 0, 0, 0])
  client.write(frame)
  const [echo] = (await once(client, 'data')) as [Buffer]
  t.same(echo, frame)
})

t.test('a name server that fails changes nothing', async (t) => {
  const { port } = await hosts(t, ['127.0.0.2'])
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.2'], ttl: 10 } })
  const { get, expire } = await setUp(t, dns, port)
  await get()
  dns.names.set('up.test', { failure: 'SERVFAIL' })
  await get()
  await expire(10_200)
  for (let i = 0; i < 3; i++) t.equal(await get(), '127.0.0.2')
})

t.test('new connections take all addresses in turn, and one that refuses is passed over', async (t) => {
  let waiting = 0
  const go = signal()
  const { port } = await hosts(t, ['127.0.0.2', '127.0.0.3'], async (req, res) => {
    if (++waiting === 6) go.fire()
    await go.promise
    res.end(req.socket.localAddress)
  })
  const dns = await startDns({ 'up.test': { addresses: ['127.0.0.2', '127.0.0.3', '127.0.0.4'], ttl: 10 } })
  const { get } = await setUp(t, dns, port)
  const counts = tally(await Promise.all(Array.from({ length: 6 }, () => get('/slow'))))
  t.same(Object.keys(counts).sort(), ['127.0.0.2', '127.0.0.3'])
  t.ok(counts['127.0.0.2']! >= 2 && counts['127.0.0.3']! >= 2)
})

t.test('a name that does not resolve is a 502', async (t) => {
  const dns = await startDns()
  const { get } = await setUp(t, dns, 80)
  t.equal(await get(), '502')
})
