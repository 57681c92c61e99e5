// 1,000 readers that do not read: over real sockets, in a process of their own for neither side's memory to count for the other.
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { type GatewayEvent, GatewayEventsKey } from '../../../../core/index.ts'
import { MAX_READERS } from '../../../../plugins/admin/api/event-ring.ts'
import { startAdmin } from '../../../support/admin-client.ts'

t.test('readers that do not read cost bounded memory', { timeout: 120_000 }, async (t) => {
  let listener: (event: GatewayEvent) => void = () => {}
  const events = {
    subscribe: (added: typeof listener) => {
      listener = added
      return () => {}
    },
  }
  const { admin, url } = await startAdmin(t, undefined, { services: [[GatewayEventsKey, events]] })
  const port = Number(new URL(url).port)
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () =>
        socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n'),
      )
      sockets.push(socket)
      socket.once('error', reject)
      // The head, and nothing more.
      socket.once('data', () => {
        socket.pause()
        socket.on('error', () => {})
        resolve()
      })
    })
  for (let n = 0; n < MAX_READERS; n += 50) await Promise.all(Array.from({ length: 50 }, open))
  t.match((await admin.ask('GET /events')).json(), { status: 503, code: 'events_busy' })
  t.match((await admin.ask('HEAD /events')).status, 503)
  const memory = (): number => {
    const { rss } = process.memoryUsage()
    return rss
  }
  const reason = 'x'.repeat(200)
  const emit = (): void =>
    listener({ type: 'target_ejected', at: Date.now(), endpoint: 'v1/orders', target: 'http://a', reason })
  const round = (): Promise<void> => {
    for (let n = 0; n < 500; n++) emit()
    return new Promise((resolve) => setImmediate(resolve))
  }
  for (let n = 0; n < 10; n++) await round()
  const before = memory()
  for (let n = 0; n < 20; n++) await round()
  const grown = (memory() - before) / 1024 / 1024
  t.comment(`grown by ${grown.toFixed(1)} MiB after 10,000 events more`)
  t.ok(grown < 128, `${grown.toFixed(1)} MiB`)
  // Who is cut makes room.
  t.match((await admin.ask('GET /livez')).status, 200)
})
