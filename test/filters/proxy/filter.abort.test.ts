import type { Socket } from 'node:net'
import t from 'tap'
import { defineFilter } from '../../../core/index.ts'
import { connectTo, send } from '../../support/client.ts'
import { startRawUpstream } from '../../support/upstream.ts'
import { gatewayTo, type Proxied, proxied, signal, startBlackhole } from './support.ts'

type Test = Pick<typeof t, 'match' | 'equal'>

/** One failure would open it. */
const breaker = { failure_threshold: 1 }
const GET = 'GET /api HTTP/1.1\r\nHost: weir\r\n\r\n'

/** What must be true once a client has left, whenever it did. */
async function forgotten(t: Test, proxy: Proxied): Promise<void> {
  await proxy.settled(1)
  t.match(proxy.outcomes, [{ result: 'ignored' }])
  await proxy.logged(1)
  t.match(proxy.finished, [{ outcome: 'aborted' }])
  t.equal(proxy.runtime.timers.size, 0)
  t.match(await proxy.metrics(), /weir_breaker_state\{endpoint="api",state="open"\} 0/)
}

async function leaves(port: number, bytes: string, when: Promise<unknown>, how: (socket: Socket) => void) {
  const socket = await connectTo(port)
  socket.on('error', () => {})
  socket.resume()
  socket.write(bytes)
  await when
  how(socket)
}

for (const [name, how] of [
  ['closes', (socket: Socket) => void socket.destroy()],
  ['resets', (socket: Socket) => void socket.resetAndDestroy()],
] as const) {
  t.test(`a client ${name} while it waits`, async (t) => {
    const asked = signal()
    const closed = signal()
    const proxy = await proxied(
      t,
      (req) => {
        req.socket.on('close', () => closed.fire())
        asked.fire()
      },
      { breaker },
    )
    await leaves(proxy.port, GET, asked.promise, how)
    await closed.promise
    await forgotten(t, proxy)
  })

  t.test(`a client ${name} in the middle of a download`, async (t) => {
    const flowing = signal()
    const closed = signal()
    const proxy = await proxied(
      t,
      (_req, res) => {
        res.on('close', () => closed.fire())
        const more = (): void => {
          while (!res.destroyed && res.write(Buffer.alloc(65536)));
        }
        res.on('drain', more)
        more()
        flowing.fire()
      },
      { breaker },
    )
    const socket = await connectTo(proxy.port)
    socket.on('error', () => {})
    socket.write(GET)
    let received = 0
    await new Promise<void>((resolve) =>
      socket.on('data', (chunk) => {
        received += chunk.length
        if (received > 1_000_000) resolve()
      }),
    )
    how(socket)
    await closed.promise
    await forgotten(t, proxy)
  })

  t.test(`a client ${name} in the middle of an upload`, async (t) => {
    for (const head of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
      const begun = signal()
      const closed = signal()
      let complete: boolean | undefined
      const proxy = await proxied(
        t,
        (req) => {
          req.on('error', () => {})
          req.once('data', () => begun.fire())
          req.on('close', () => {
            complete = req.complete
            closed.fire()
          })
        },
        { breaker },
      )
      const bytes = `POST /api HTTP/1.1\r\nHost: weir\r\n${head}\r\n\r\n5\r\nhello\r\n`
      await leaves(proxy.port, bytes, begun.promise, how)
      await closed.promise
      t.equal(complete, false, 'the upstream can tell that it is not all')
      await forgotten(t, proxy)
    }
  })

  t.test(`a client ${name} while the gateway is connecting`, async (t) => {
    // A TLS handshake that never ends: the request has no connection yet.
    const accepted = signal()
    const gone = signal()
    const upstream = await startRawUpstream((socket) => {
      socket.on('close', () => gone.fire()).resume()
      accepted.fire()
    })
    t.teardown(() => upstream.close())
    const proxy = await gatewayTo(t, upstream.url.replace('http', 'https'), {
      breaker,
      proxy: { connect_timeout: '5m' },
    })
    await leaves(proxy.port, GET, accepted.promise, how)
    await forgotten(t, proxy)
    await gone.promise
  })
}

t.test('a client that leaves while its request is queued for a connection is forgotten at once', async (t) => {
  const called = signal()
  const witness = defineFilter({
    name: 'called',
    apiVersion: 1,
    create: () => ({
      upstream(_x, call, next) {
        const answer = next(call)
        called.fire()
        return answer
      },
    }),
  })
  const proxy = await gatewayTo(t, await startBlackhole(t), { breaker, filters: [witness] })
  const start = performance.now()
  await leaves(proxy.port, GET, called.promise, (socket) => void socket.destroy())
  await forgotten(t, proxy)
  t.ok(performance.now() - start < 2000, 'the connection itself is waited for up to 10 s')
})

t.test('a client that leaves says nothing to others', async (t) => {
  const asked = signal()
  const closed = signal()
  const proxy = await proxied(
    t,
    (req, res) => {
      if (req.url !== '/slow') return res.end('ok')
      req.socket.on('close', () => closed.fire())
      asked.fire()
      return undefined
    },
    { breaker },
  )
  await leaves(proxy.port, GET.replace('/api', '/api/slow'), asked.promise, (socket) => void socket.destroy())
  await closed.promise
  t.equal((await send(proxy.api)).body, 'ok')
})

t.test('a hundred clients that leave leave nothing behind', async (t) => {
  const closed = signal()
  const all = signal()
  let asked = 0
  let gone = 0
  const proxy = await proxied(
    t,
    (req) => {
      req.socket.on('close', () => {
        if (++gone === 100) closed.fire()
      })
      if (++asked === 100) all.fire()
    },
    { breaker },
  )
  const sockets = await Promise.all(Array.from({ length: 100 }, () => connectTo(proxy.port)))
  for (const socket of sockets) socket.write(GET)
  await all.promise
  for (const socket of sockets) socket.destroy()
  await closed.promise
  await proxy.logged(100)
  t.equal(proxy.outcomes.filter(({ result }) => result === 'ignored').length, 100)
  t.equal(proxy.runtime.timers.size, 0)
})
