// Server-sent events over real sockets. The readers read bytes: an EventSource would hide what it is about.
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import { type GatewayEvent, type GatewayEvents, GatewayEventsKey } from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'
import { send } from '../../../support/client.ts'

class Events implements GatewayEvents {
  readonly listeners = new Set<(event: GatewayEvent) => void>()
  subscribe(listener: (event: GatewayEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  emit(worker: number): void {
    for (const listener of this.listeners) listener({ type: 'worker_started', at: 1, worker })
  }
}

/** What a reader has got so far. */
class Reader {
  readonly response: IncomingMessage
  text = ''
  constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8').on('data', (text: string) => {
      this.text += text
    })
    response.on('error', () => {})
  }
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.text)
      if (found !== null) return found
      if (this.response.destroyed) throw new Error(`it ended: ${this.text}`)
      await Promise.race([once(this.response, 'data'), once(this.response, 'close')])
    }
  }
}

const open = (url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = get(`${url}/events`, { headers, agent: new Agent() }, resolve)
    request.on('error', reject)
  })

async function start(t: Test) {
  const events = new Events()
  const started = await startAdmin(t, undefined, { services: [[GatewayEventsKey, events]] })
  const read = async (headers: Record<string, string> = {}): Promise<Reader> => {
    const reader = new Reader(await open(started.url, headers))
    t.teardown(() => reader.response.destroy())
    return reader
  }
  return { ...started, events, read }
}

t.test('events come with id, event and data', async (t) => {
  const { events, read, admin } = await start(t)
  t.equal(events.listeners.size, 0, 'nobody listens while nobody reads')
  t.match(await admin.ask('HEAD /events'), { status: 200, headers: { 'content-type': 'text/event-stream' } })
  const reader = await read()
  t.match(reader.response, {
    statusCode: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  })
  await reader.until(/^retry: \d+\nid: [0-9a-f]{8}-0\n\n/)
  events.emit(7)
  const [, id, data] = await reader.until(/id: (\S+)\nevent: worker_started\ndata: (.*)\n\n/)
  t.strictSame(JSON.parse(data!), { type: 'worker_started', at: 1, worker: 7 })
  t.match(id, /-1$/)
  const other = await read()
  events.emit(8)
  await Promise.all([reader, other].map((one) => one.until(/"worker":8/)))
  t.notMatch(other.text, '"worker":7')
  t.equal(events.listeners.size, 1)
  t.equal((await admin.ask('GET /events', { headers: { Accept: 'application/json' } })).status, 406)
})

t.test('a reader that comes back goes on behind what it has', async (t) => {
  const { events, read } = await start(t)
  const first = await read()
  events.emit(1)
  const [, id = ''] = await first.until(/id: (\S+)\nevent/)
  first.response.destroy()
  events.emit(2)
  events.emit(3)
  const again = await read({ 'Last-Event-ID': id })
  await again.until(/"worker":2[\s\S]*"worker":3/)
  t.notMatch(again.text, /"worker":1|missed/)
  for (const lost of ['deadbeef-1', 'x', id.replace(/-1$/, '-99')]) {
    const other = await read({ 'Last-Event-ID': lost })
    await other.until(/event: missed\ndata: \{"type":"missed"/)
    t.notMatch(other.text, /"worker"/, lost)
  }
  for (let n = 10; n < 1100; n++) events.emit(n)
  const late = await read({ 'Last-Event-ID': id })
  await late.until(/event: missed/)
})

t.test('a reader that does not read is dropped, and others go on', async (t) => {
  const { events, read, url } = await start(t)
  const slow = await open(url)
  slow.pause()
  slow.on('error', () => {})
  const reader = await read()
  let last = 0
  // More than the buffers of two sockets hold.
  for (let round = 0; round < 150; round++) {
    for (let n = 0; n < 900; n++) events.emit(last++)
    await reader.until(new RegExp(`"worker":${last - 1}\\D`))
    reader.text = ''
  }
  // Not once(): it rejects for the error that comes before.
  const closed = new Promise((resolve) => slow.once('close', resolve))
  slow.resume()
  await closed
  t.equal(slow.complete, false, 'cut')
  t.notOk(reader.response.destroyed)
})

t.test('readers do not keep a gateway that stops', async (t) => {
  const { read, gateway } = await start(t)
  const reader = await read()
  const ended = once(reader.response, 'end')
  await gateway.close()
  await ended
  t.ok(reader.response.complete)
})

t.test('without the service it is not available', async (t) => {
  const { url } = await startAdmin(t, undefined, { services: [[GatewayEventsKey, undefined]] })
  t.match((await send(`${url}/events`)).json(), { status: 501, code: 'not_available' })
})
