import { once } from 'node:events'
import t from 'tap'
import { onHead, proxied, proxiedRaw } from '../../filters/proxy/support.ts'
import { connectTo, send, sendRaw } from '../../support/client.ts'

const get = (i: number | string, more = ''): string => `GET /api/${i} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
const count = (text: string, pattern: RegExp): number => [...text.matchAll(new RegExp(pattern, 'g'))].length

t.test('a response to a connection that the parser has released goes on after backpressure', async (t) => {
  const size = 20 * 2 ** 20
  const { port } = await proxied(t, (req, res) => res.end(req.url === '/big' ? Buffer.alloc(size, 'x') : 'ok'))
  const offer = 'Connection: Upgrade, close\r\nUpgrade: h2c\r\n'
  for (const bytes of [get('big', offer), get('big') + get('small', offer)]) {
    const socket = await connectTo(port)
    socket.write(bytes)
    await new Promise((resolve) => setTimeout(resolve, 100))
    let received = 0
    socket.on('data', (chunk) => (received += chunk.length))
    await once(socket, 'close')
    t.ok(received > size, `${received}`)
  }
})

t.test('a client that reads nothing is cut, though the parser has released its connection', async (t) => {
  const { port, finished, logged } = await proxied(
    t,
    (req, res) => res.end(req.url === '/big' ? Buffer.alloc(64 * 2 ** 20) : 'ok'),
    { limits: { sendTimeoutMs: 300 } },
  )
  const h2c = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'
  const websocket = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  const small = get('small').repeat(17)
  const pipelines = [get('big', h2c), get('big', websocket), get('big') + get('small', h2c), small + get('big')]
  const clients = []
  for (const bytes of pipelines) {
    const client = await connectTo(port)
    client.on('error', () => {}).pause()
    client.write(bytes)
    clients.push(client)
  }
  await logged(3 + 18)
  const cut = finished.filter(({ outcome }) => outcome === 'aborted')
  t.same(
    cut.map(({ error }) => error?.code),
    pipelines.map(() => 'client_stalled'),
  )
  for (const client of clients) client.destroy()
})

/** A gateway whose upstream holds back every response until `release`. */
async function holding(t: Parameters<typeof proxiedRaw>[0]) {
  let held: (() => void)[] | undefined = []
  const gateway = await proxiedRaw(t, (socket) =>
    onHead(socket, (head) => {
      const name = /[A-Z]+ \/(\w+) HTTP/.exec(head)?.[1]
      const respond = (): void =>
        void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name!.length + 2}\r\n\r\n<${name}>`)
      if (held === undefined) respond()
      else held.push(respond)
    }),
  )
  const inFlight = async (): Promise<number> =>
    Number(/^weir_overload_requests (\d+)$/m.exec(await gateway.metrics())?.[1])
  return {
    ...gateway,
    inFlight,
    begun: async (least: number) => {
      while ((await inFlight()) < least) await new Promise(setImmediate)
    },
    release: () => {
      for (const respond of held ?? []) respond()
      held = undefined
    },
  }
}

const served = (text: string): string[] => [...text.matchAll(/<(\w+)>/g)].map(([, name]) => name!)

// tempesta-tech/tempesta#995, twisted/twisted#4891, bitcoin/bitcoin#36123
t.test('a pipelined flood is paused, and every request is served in the end', async (t) => {
  const total = 60_000
  const { port, begun, inFlight, release } = await holding(t)
  const socket = await connectTo(port)
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  socket.write(Array.from({ length: total }, (_, i) => get(i)).join(''))
  await begun(17)
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    t.ok((await inFlight()) <= 19, `${await inFlight()} of ${total} are read`)
  }
  release()
  const deadline = performance.now() + 10_000
  while (count(received, /<\d+>/) < 1000 && performance.now() < deadline) await once(socket, 'data')
  socket.destroy()
  const names = served(received)
  t.ok(names.length >= 1000, `${names.length} were served`)
  t.same(
    names,
    Array.from({ length: names.length }, (_, i) => String(i)),
    'in order',
  )
})

t.test('requests behind a pipeline that was full are served, and so are those that come later', async (t) => {
  const { port, begun, release, inFlight } = await holding(t)
  const socket = await connectTo(port)
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  const names = Array.from({ length: 100 }, (_, i) => `r${i}`)
  socket.write(names.map((name) => get(name)).join(''))
  await begun(17)
  release()
  while (served(received).length < 100) await once(socket, 'data')
  socket.write(get('later') + get('last', 'Connection: close\r\n'))
  await once(socket, 'close')
  t.same(served(received), [...names, 'later', 'last'])
  t.equal(await inFlight(), 0)
})

t.test('a request that asks to close ends the connection wherever it stands in a pipeline, full or not', async (t) => {
  for (const at of [0, 16, 17, 18, 34, 35]) {
    const { port, begun, release, inFlight } = await holding(t)
    const socket = await connectTo(port)
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString('latin1')))
    const names = Array.from({ length: 40 }, (_, i) => `r${i}`)
    socket.write(names.map((name, i) => get(name, i === at ? 'Connection: x, Close\r\n' : '')).join(''))
    await begun(Math.min(at + 1, 17))
    release()
    await once(socket, 'close')
    t.same(served(received), names.slice(0, at + 1), `at ${at}`)
    t.equal(count(received, /Connection: close/), 1)
    t.equal(await inFlight(), 0)
  }
})

t.test('an offer to switch protocols is served wherever it stands in a pipeline, full or not', async (t) => {
  const offer = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'
  for (const at of [0, 5, 16, 17, 18, 40]) {
    const { port, begun, release, inFlight } = await holding(t)
    const socket = await connectTo(port)
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString('latin1')))
    const names = Array.from({ length: 50 }, (_, i) => `r${i}`)
    socket.write(
      names.map((name, i) => get(name, i === at ? offer : '')).join('') + get('last', 'Connection: close\r\n'),
    )
    await begun(Math.min(at + 1, 17))
    release()
    await once(socket, 'close')
    t.same(served(received), [...names, 'last'], `at ${at}`)
    t.equal(await inFlight(), 0)
  }
})

t.test('a pipeline of requests with bodies ends with the connection, and nothing is served twice', async (t) => {
  const { port, begun, release, inFlight } = await holding(t)
  const socket = await connectTo(port)
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  const post = (i: number): string => `POST /api/${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`
  socket.write(Array.from({ length: 200 }, (_, i) => post(i)).join(''))
  await begun(17)
  t.ok((await inFlight()) <= 18)
  release()
  await once(socket, 'close')
  t.same(
    served(received),
    Array.from({ length: 17 }, (_, i) => String(i)),
    'those that waited',
  )
  t.notMatch(received, /HTTP\/1\.1 [^2]/)
})

t.test('requests that wait count as load, until their client leaves', async (t) => {
  const { port, begun, inFlight, gateway, url, release } = await holding(t)
  gateway.overload.limit({ maxRequests: 10, maxMemory: Infinity, maxLagMs: Infinity })
  const socket = await connectTo(port)
  socket.write(Array.from({ length: 12 }, (_, i) => get(i)).join(''))
  await begun(10)
  t.equal((await send(`${url}/api/other`)).status, 503)
  socket.destroy()
  while ((await inFlight()) > 0) await new Promise(setImmediate)
  release()
  t.equal((await send(`${url}/api/other`)).status, 200)
  const again = await sendRaw(port, get('one') + get('two', 'Connection: close\r\n'))
  t.same(served(again), ['one', 'two'])
  t.equal(await inFlight(), 0)
})
