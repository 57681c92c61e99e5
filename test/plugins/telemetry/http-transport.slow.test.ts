import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { HttpTransport } from '../../../plugins/telemetry/http-transport.ts'

interface Seen {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** A collector that responds with each of `statuses` in turn; undefined: never. */
async function collector(t: Test, statuses: readonly (number | undefined)[], fields: Record<string, string> = {}) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const status = statuses[Math.min(seen.length, statuses.length - 1)]
    seen.push({ headers: request.headers, body: Buffer.concat(chunks) })
    if (status !== undefined) response.writeHead(status, fields).end('response')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { seen, port: (server.address() as AddressInfo).port }
}

function transport(t: Test, url: string, compression: 'gzip' | 'none' = 'none') {
  const made = new HttpTransport(
    { url, compression, headers: async () => ({ 'x-tenant': 'a' }), agentFactory: () => ({ options: {} }) },
    () => 0.5,
  )
  t.teardown(() => made.shutdown())
  return made
}

const DATA = Buffer.from('spans')

t.test('it sends what it gets, with header fields and credentials of the URL', async (t) => {
  const { seen, port } = await collector(t, [200])
  const response = await transport(t, `http://user:p%40ss@127.0.0.1:${port}/v1/traces?a=1`).send(DATA, 5000)
  t.match(response, { status: 'success' })
  t.equal(Buffer.from((response as { data: Uint8Array }).data).toString(), 'response')
  t.strictSame(seen[0]!.body, DATA)
  t.match(seen[0]!.headers, { 'x-tenant': 'a', authorization: `Basic ${btoa('user:p@ss')}`, 'content-length': '5' })
})

t.test('gzip', async (t) => {
  const { seen, port } = await collector(t, [200])
  await transport(t, `http://127.0.0.1:${port}/`, 'gzip').send(DATA, 5000)
  t.equal(seen[0]!.headers['content-encoding'], 'gzip')
  t.strictSame(gunzipSync(seen[0]!.body), DATA)
})

t.test('503 then 200: it is sent again after Retry-After', async (t) => {
  const { seen, port } = await collector(t, [503, 429, 200], { 'Retry-After': '0' })
  t.match(await transport(t, `http://127.0.0.1:${port}/`).send(DATA, 5000), { status: 'success' })
  t.equal(seen.length, 3)
  t.strictSame(seen[2]!.body, DATA)
})

t.test('without Retry-After it waits', async (t) => {
  const { seen, port } = await collector(t, [502, 200])
  const from = performance.now()
  t.match(await transport(t, `http://127.0.0.1:${port}/`).send(DATA, 5000), { status: 'success' })
  t.equal(seen.length, 2)
  t.ok(performance.now() - from >= 990)
})

t.test('it gives up: what can not succeed, too many times, too late', async (t) => {
  const bad = await collector(t, [400])
  t.match(await transport(t, `http://127.0.0.1:${bad.port}/`).send(DATA, 5000), {
    status: 'failure',
    error: { message: 'the collector responded with status 400' },
  })
  t.equal(bad.seen.length, 1)
  const busy = await collector(t, [503], { 'Retry-After': '0' })
  t.match(await transport(t, `http://127.0.0.1:${busy.port}/`).send(DATA, 5000), { status: 'retryable' })
  t.equal(busy.seen.length, 6)
  const later = await collector(t, [503], { 'Retry-After': '60' })
  t.match(await transport(t, `http://127.0.0.1:${later.port}/`).send(DATA, 5000), { status: 'retryable' })
  t.equal(later.seen.length, 1, 'the time would be over')
})

t.test('a collector that never responds, or is away', async (t) => {
  const { port } = await collector(t, [undefined])
  const response = await transport(t, `http://127.0.0.1:${port}/`).send(DATA, 100)
  t.match(response, { status: 'failure', error: { message: 'no response of the collector in time' } })
  t.match(await transport(t, 'http://127.0.0.1:1/').send(DATA, 100), {
    status: 'retryable',
    error: { message: /ECONNREFUSED/ },
  })
})

t.test('shutdown ends a running export', async (t) => {
  const { port } = await collector(t, [503], { 'Retry-After': '4' })
  const made = transport(t, `http://127.0.0.1:${port}/`)
  const sending = made.send(DATA, 30_000)
  setTimeout(() => made.shutdown(), 50)
  t.not((await sending).status, 'success')
})
