// Limits that hold over all workers of a gateway.
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { startUpstream } from '../support/upstream.ts'
import { startWorkers, workersOf } from '../support/workers.ts'

/** An upstream that answers when told, and knows how many calls it had at once. */
async function slowUpstream(t: { teardown(fn: () => unknown): void }) {
  const state = { calls: 0, most: 0, held: Promise.withResolvers<void>(), total: 0 }
  const upstream = await startUpstream(async (_, res) => {
    state.total++
    state.most = Math.max(state.most, ++state.calls)
    res.on('close', () => state.calls--)
    await state.held.promise
    res.end('up')
  })
  t.teardown(() => upstream.close())
  return Object.assign(state, { url: upstream.url })
}

const call = (proxy: string): Promise<{ status: number }> =>
  inject(proxy, { path: '/orchestrator/v1/up/', headers: { Connection: 'close' } }).catch(() => ({ status: 0 }))

t.test('concurrency-limit: as many calls as it says, over all workers, and one queue', async (t) => {
  const upstream = await slowUpstream(t)
  const rest = `workers: 4
filters: [route-match, { name: limit, filter: concurrency-limit, options: { max_concurrent: 10, max_queue: 5, queue_timeout: 60s } }, proxy]
`
  const { weir, proxy } = await startWorkers(t, { url: upstream.url, rest })
  const statuses: number[] = []
  const calls = Array.from({ length: 60 }, () => call(proxy).then(({ status }) => statuses.push(status)))
  while (statuses.length < 45) await setTimeout(10)
  t.ok(statuses.every((status) => status === 503))
  await setTimeout(100)
  t.equal(statuses.length, 45)
  t.equal(upstream.calls, 10)
  upstream.held.resolve()
  await Promise.all(calls)
  t.equal(statuses.filter((status) => status === 200).length, 15)
  t.equal(upstream.most, 10)

  // What a worker that is killed had is free again.
  upstream.held = Promise.withResolvers()
  const before = upstream.total
  const more = Array.from({ length: 10 }, () => call(proxy))
  while (upstream.total < before + 10) await setTimeout(10)
  for (const pid of workersOf(weir).values()) process.kill(pid, 'SIGKILL')
  t.same(
    (await Promise.all(more)).map(({ status }) => status),
    Array.from({ length: 10 }, () => 0),
  )
  const last = Array.from({ length: 10 }, () => call(proxy))
  while (upstream.total < before + 20) await setTimeout(10)
  upstream.held.resolve()
  for (const { status } of await Promise.all(last)) t.equal(status, 200)
  t.equal(upstream.most, 10)
})

t.test('concurrency-limit: a primary that hangs stops nothing', async (t) => {
  const upstream = await slowUpstream(t)
  upstream.held.resolve()
  const rest = `workers: 2
filters: [route-match, { name: limit, filter: concurrency-limit, options: { max_concurrent: 4 } }, proxy]
`
  const { weir, proxy } = await startWorkers(t, { url: upstream.url, rest })
  const { pid } = weir.child
  t.teardown(() => process.kill(pid!, 'SIGCONT'))
  process.kill(pid!, 'SIGSTOP')
  for (let i = 0; i < 20; i++) t.equal((await call(proxy)).status, 200)
  process.kill(pid!, 'SIGCONT')
  for (let i = 0; i < 20; i++) t.equal((await call(proxy)).status, 200)
})

t.test('overload.max_requests is of all workers together', async (t) => {
  const upstream = await slowUpstream(t)
  const { proxy } = await startWorkers(t, {
    url: upstream.url,
    rest: 'workers: 2\noverload: { max_requests: 40 }\n',
  })
  const statuses: number[] = []
  const calls: Promise<unknown>[] = []
  for (let i = 0; i < 60; i++) {
    calls.push(call(proxy).then(({ status }) => statuses.push(status)))
    await setTimeout(10)
  }
  await setTimeout(200)
  t.ok(upstream.calls >= 38 && upstream.calls <= 41, `${upstream.calls}`)
  t.ok(statuses.every((status) => status === 503))
  upstream.held.resolve()
  await Promise.all(calls)
})

t.test('downstream.max_connections is of all workers together', async (t) => {
  const upstream = await slowUpstream(t)
  upstream.held.resolve()
  const { proxy } = await startWorkers(t, {
    url: upstream.url,
    rest: 'workers: 4\ndownstream: { max_connections: 40 }\n',
  })
  const open = new Set<unknown>()
  const { port, hostname } = new URL(proxy)
  for (let i = 0; i < 80; i++) {
    const socket = connect(Number(port), hostname)
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    socket.on('connect', () => open.add(socket))
    socket.on('close', () => open.delete(socket))
    await setTimeout(10)
  }
  await setTimeout(300)
  // A worker refuses though others have room for a moment; each may always have one.
  t.ok(open.size >= 30 && open.size <= 43, `${open.size}`)
})
