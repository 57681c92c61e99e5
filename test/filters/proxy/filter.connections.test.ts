import { Agent, type OutgoingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { send } from '../../support/client.ts'
import { onHead, proxied, proxiedRaw, signal } from './support.ts'

t.test('twenty requests of every kind use one upstream connection', async (t) => {
  const { api, upstream } = await proxied(t, (req, res) => {
    const status = Number(req.headers['x-status'])
    req.resume()
    req.on('end', () => {
      const headers: OutgoingHttpHeaders = status === 200 ? { 'Content-Length': 5 } : {}
      res.writeHead(status, headers)
      res.end(status === 200 ? 'hello' : undefined)
    })
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const round = [
    ['GET', 200, undefined],
    ['HEAD', 200, undefined],
    ['POST', 200, 'a body'],
    ['DELETE', 204, undefined],
    ['GET', 304, undefined],
  ] as const
  for (let i = 0; i < 4; i++) {
    for (const [method, status, body] of round) {
      const answer = await send(`${api}/x`, {
        method,
        agent,
        headers: { 'X-Status': String(status) },
        ...(body === undefined ? {} : { body }),
      })
      t.equal(answer.status, status, `${method} ${status}`)
    }
  }
  t.equal(upstream.connections(), 1)
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Answers the first request of the first connection; closes it when the second comes. Later connections behave. */
function closesWhenReused(heads: string[]): Parameters<typeof proxiedRaw>[1] {
  let connections = 0
  return (socket) => {
    const first = connections++ === 0
    onHead(socket, (head, count) => {
      heads.push(head.slice(0, head.indexOf(' ')))
      if (first && count > 1) socket.destroy()
      else socket.write(OK)
    })
  }
}

for (const method of ['GET', 'HEAD', 'DELETE']) {
  t.test(`a kept connection that closes when it is used again: ${method} is sent once more`, async (t) => {
    const heads: string[] = []
    const { api, outcomes } = await proxiedRaw(t, closesWhenReused(heads))
    t.equal((await send(`${api}/1`)).status, 200)
    t.equal((await send(`${api}/2`, { method })).status, 200)
    t.same(heads, ['GET', method, method])
    t.same(
      outcomes.map(({ result }) => result),
      ['success', 'success'],
      'it is one attempt',
    )
  })
}

for (const body of [undefined, 'x=1']) {
  t.test(`POST ${body === undefined ? 'without' : 'with'} a body is not sent again`, async (t) => {
    const heads: string[] = []
    const { api } = await proxiedRaw(t, closesWhenReused(heads))
    t.equal((await send(`${api}/1`)).status, 200)
    const answer = await send(`${api}/2`, { method: 'POST', ...(body === undefined ? {} : { body }) })
    t.equal(answer.status, 502)
    t.equal(answer.json().code, 'upstream_reset')
    t.same(heads, ['GET', 'POST'])
  })
}

for (const method of ['GET', 'PUT']) {
  t.test(`${method} behind a pool of stale connections`, async (t) => {
    const kept: Socket[] = []
    const stale = new Set<Socket>()
    const reused = new Set<Socket>()
    const { api, outcomes } = await proxiedRaw(t, (socket) =>
      onHead(socket, (head) => {
        if (stale.has(socket)) {
          reused.add(socket)
          socket.destroy()
        } else if (head.includes('/hold')) {
          kept.push(socket)
          if (kept.length === 8) for (const one of kept) one.write(OK)
        } else socket.write(OK)
      }),
    )
    t.same(
      new Set(await Promise.all(Array.from({ length: 8 }, async () => (await send(`${api}/hold`)).status))),
      new Set([200]),
    )
    for (const socket of kept) stale.add(socket)
    for (let i = 0; i < 8; i++) t.equal((await send(`${api}/x`, { method })).status, 200)
    t.ok(reused.size > 0)
    t.equal(outcomes.filter(({ result }) => result === 'success').length, 16, 'one attempt each')
  })
}

t.test('a fresh connection that closes is a failure, not a retry', async (t) => {
  let heads = 0
  const { api } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => {
      heads++
      socket.destroy()
    }),
  )
  t.equal((await send(`${api}/x`)).status, 502)
  t.equal(heads, 1)
})

t.test('it is sent again once, no more', async (t) => {
  let heads = 0
  const { api } = await proxiedRaw(t, (socket) =>
    onHead(socket, () => {
      if (heads++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      else socket.destroy()
    }),
  )
  t.equal((await send(`${api}/1`)).status, 200)
  t.equal((await send(`${api}/2`)).status, 502)
  t.equal(heads, 3)
})

t.test('a connection that the upstream has closed while idle is not used', async (t) => {
  const { api, upstream } = await proxied(t, (_req, res) => {
    res.setHeader('Connection', 'close')
    res.end('x')
  })
  for (let i = 0; i < 3; i++) t.equal((await send(`${api}/x`, { method: 'POST', body: 'x' })).status, 200)
  t.equal(upstream.connections(), 3)
})

t.test('an idle connection is kept for keep_alive, then closed', async (t) => {
  let opened = 0
  const closed = signal<number>()
  const { api } = await proxiedRaw(
    t,
    (socket) => {
      opened++
      let answeredAt = 0
      onHead(socket, () => {
        answeredAt = performance.now()
        socket.write(OK)
      })
      socket.on('end', () => closed.fire(performance.now() - answeredAt))
    },
    { proxy: { keep_alive: '300ms' } },
  )
  t.equal((await send(`${api}/1`)).status, 200)
  t.equal((await send(`${api}/2`)).status, 200)
  t.equal(opened, 1)
  const idle = await closed.promise
  t.ok(idle >= 290 && idle < 2000, `${idle} ms`)
  t.equal((await send(`${api}/3`)).status, 200)
  t.equal(opened, 2)
})

t.test('keep_alive of 0, or of more than a timer holds', async (t) => {
  const warned: string[] = []
  const note = ({ name }: Error): void => void warned.push(name)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  for (const keep of [0, '30d', 1e308]) {
    let opened = 0
    // Without a Keep-Alive field, which would shorten the time.
    const { api } = await proxiedRaw(
      t,
      (socket) => {
        opened++
        onHead(socket, () => socket.write(OK))
      },
      { proxy: { keep_alive: keep } },
    )
    for (let i = 0; i < 3; i++) t.equal((await send(`${api}/x`)).status, 200, `${keep}`)
    if (keep !== 0) t.equal(opened, 1, `${keep}: the connection is kept`)
  }
  t.same(warned, [], 'a timer beyond its range would fire at once')
})
