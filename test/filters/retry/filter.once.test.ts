import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import t from 'tap'
import { connectTo, send } from '../../support/client.ts'
import { startRawUpstream } from '../../support/upstream.ts'
import { gatewayTo, proxied } from '../proxy/support.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'POST', 'PATCH'] as const
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

/**
 * An upstream that counts the heads of requests by their id and breaks off wherever chance has it: with no byte read, amid a
 * request, amid an answer, behind it.
 */
function hostile(counts: Map<string, number>): (socket: Socket) => void {
  return (socket) => {
    const fate = randomInt(10)
    if (fate === 0) return void socket.destroy()
    let received = ''
    let seen = 0
    const limit = fate === 1 ? randomInt(400) : Number.POSITIVE_INFINITY
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      for (const [, id] of received.slice(seen).matchAll(/x-id: (\w+)\r\n/gi))
        counts.set(id!, (counts.get(id!) ?? 0) + 1)
      seen = Math.max(0, received.lastIndexOf('\r\n') + 2)
      if (received.length > limit) return void socket.resetAndDestroy()
      if (!received.includes('\r\n\r\n') || !/(?:^(?:GET|HEAD|DELETE) .*|end)$/s.test(received)) return
      const head = received.startsWith('HEAD')
      received = ''
      seen = 0
      const kind = randomInt(8)
      if (kind === 0) return void socket.destroy()
      if (kind === 1) return void socket.resetAndDestroy()
      if (kind === 2) return void socket.end(ANSWER.slice(0, randomInt(ANSWER.length)))
      if (kind === 3) return void socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
      socket.write(head ? ANSWER.slice(0, -5) : ANSWER)
      if (kind === 4) setImmediate(() => socket.destroy())
    })
  }
}

t.test('nothing that is not idempotent reaches an upstream twice, whatever the upstream does', async (t) => {
  const counts = new Map<string, number>()
  const upstream = await startRawUpstream(hostile(counts))
  t.teardown(() => upstream.close())
  const { api } = await gatewayTo(t, upstream.url, {
    breaker: { failure_threshold: 1_000_000 },
    retry: { backoff: { base: '1ms', max: '2ms' }, budget: { min_retries: 1_000_000 }, per_try_timeout: '300ms' },
    proxy: { timeout: '2s' },
  })
  let id = 0
  const wrong: string[] = []
  let again = 0
  const worker = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      const name = `r${++id}`
      const method = METHODS[randomInt(METHODS.length)]!
      const body = SAFE.has(method) && method !== 'PUT' ? '' : `${'b'.repeat(randomInt(3000))}end`
      await send(api, {
        method,
        body,
        headers: { 'X-Id': name, ...(body === '' ? {} : { 'Content-Length': body.length }) },
      }).catch(() => {})
      const count = counts.get(name) ?? 0
      if (!SAFE.has(method) && count > 1) wrong.push(`${method} ${name} ${count}`)
      // Two retries, each of which a kept connection may have had sent once more.
      if (count > 6) wrong.push(`${method} ${name} ${count}`)
      if (count > 1) again++
    }
  }
  await Promise.all(Array.from({ length: 12 }, worker))
  t.same(wrong, [])
  t.ok(again > 20, `${again} of ${id} were sent again`)
})

t.test('clients that leave at random points leave nothing behind', async (t) => {
  let requests = 0
  const gateway = await proxied(
    t,
    (req, res) => {
      requests++
      req.resume()
      res.writeHead(randomInt(2) === 0 ? 503 : 200).end('x'.repeat(randomInt(100_000)))
    },
    {
      breaker: { failure_threshold: 1_000_000 },
      retry: { budget: { min_retries: 1_000_000 }, backoff: { base: '5ms', max: '20ms' } },
    },
  )
  for (let i = 0; i < 60; i++) {
    const client = await connectTo(gateway.port)
    client.on('error', () => {})
    client.resume().write('PUT /api HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
    if (randomInt(2) === 0) client.write('world')
    await new Promise((resolve) => setTimeout(resolve, randomInt(15)))
    client.destroy()
  }
  await gateway.logged(60)
  const before = requests
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.ok(requests - before <= 1, 'nobody is retried for any more')
  t.equal(gateway.gateway.registry.get('api')!.targets[0]!.outstanding, 0)
})
