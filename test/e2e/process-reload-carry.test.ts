import { once } from 'node:events'
import { type IncomingMessage, get as request, type ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import type { Filter } from '../../core/api/filter.ts'
import type { FilterEnv, FilterFactory } from '../../core/api/filter-factory.ts'
import { specOf, startGateway } from '../../core/testing.ts'
import { send } from '../support/client.ts'
import { entry, startReloadable } from '../support/reload.ts'
import { startUpstream } from '../support/upstream.ts'

const BASE = `%head%endpoints:\n${entry('up', '%up%/up')}`

t.test('an open breaker stays open, connections stay open, totals go on', async (t) => {
  const { replace, after, get, metric, upstream } = await startReloadable(
    t,
    { 'weir.yaml': `circuit_breaker: { failure_threshold: 2, reset_timeout: 1h }\n${BASE}${entry('bad', '%up%/bad')}` },
    { listener: (request, response) => void response.writeHead(request.url === '/bad/' ? 503 : 200).end('ok') },
  )
  for (let i = 0; i < 2; i++) t.equal((await get('bad')).status, 503)
  t.equal((await get('bad')).status, 503)
  t.equal((await get('up')).status, 200)
  const connections = upstream.connections()
  const total = 'http_server_request_duration_seconds_count{endpoint="v1/up",method="GET",status="200"}'
  const before = (await metric(total)) ?? 0
  t.ok(before >= 1)
  for (let i = 1; i <= 3; i++) {
    const text = `circuit_breaker: { failure_threshold: 2, reset_timeout: 1h }\n${BASE}${entry('bad', '%up%/bad')}`
    t.equal(
      await after(() => replace('weir.yaml', `${text}${entry(`e${i}`, '%up%/x', `    timeout: ${i}\n`)}`)),
      'applied',
    )
    const refused = await get('bad')
    t.equal(refused.status, 503)
    t.equal(refused.json().code, 'breaker_open')
    t.equal((await get('up')).status, 200)
  }
  t.equal(await metric('weir_breaker_state{endpoint="v1/bad",state="open"}'), 1)
  t.equal(upstream.connections(), connections, 'no connection was opened anew')
  t.equal(await metric(total), before + 3)
})

t.test('a request in flight finishes where it began', async (t) => {
  const held = Promise.withResolvers<ServerResponse>()
  const { replace, after, get } = await startReloadable(
    t,
    { 'weir.yaml': BASE },
    {
      listener: (request, response) => {
        if (request.url !== '/up/') return void response.end('new')
        response.write('old, ')
        held.resolve(response)
      },
    },
  )
  const slow = get('up')
  const response = await held.promise
  t.equal(await after(() => replace('weir.yaml', BASE.replace('%up%/up', '%up%/elsewhere'))), 'applied')
  t.equal((await get('up')).body, 'new')
  t.equal(await after(() => replace('weir.yaml', '%head%endpoints: []\n')), 'applied')
  t.equal((await get('up')).status, 404)
  response.end('to its end')
  t.match(await slow, { status: 200, body: 'old, to its end' })
})

t.test('no reload cuts a WebSocket or an event stream, not even one of a changed endpoint', async (t) => {
  const streams: ServerResponse[] = []
  const { proxy, replace, after, upstream } = await startReloadable(
    t,
    { 'weir.yaml': `${BASE}${entry('other', '%up%/other')}` },
    {
      listener: (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
        streams.push(response)
      },
    },
  )
  const server = new WebSocketServer({ server: upstream.server })
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${String(data)}`)))
  let cut = 0
  const sockets: WebSocket[] = []
  const bodies: IncomingMessage[] = []
  for (const name of ['up', 'other']) {
    const url = `${proxy}/orchestrator/v1/${name}/`
    const socket = new WebSocket(url.replace('http', 'ws'))
    await once(socket, 'open')
    const body = await new Promise<IncomingMessage>((done) => void request(url, { agent: false }, done))
    for (const stream of [socket, body]) stream.on('close', () => cut++)
    body.on('error', () => {})
    sockets.push(socket)
    bodies.push(body)
  }
  t.teardown(() => {
    for (const socket of sockets) socket.terminate()
    for (const body of bodies) body.destroy()
  })
  const texts = [
    `${BASE}${entry('other', '%up%/changed')}`,
    `${BASE}${entry('other', '%up%/changed', '    disabled: true\n')}`,
    `${BASE}${entry('more', '%up%/more')}`,
    BASE,
    '%head%endpoints: []\n',
  ]
  for (const text of texts) t.equal(await after(() => replace('weir.yaml', text)), 'applied')
  for (const socket of sockets) {
    socket.send('there?')
    t.equal(String((await once(socket, 'message'))[0]), 'echo there?')
  }
  for (const body of bodies) await once(body, 'data')
  for (const stream of streams) stream.write('data: more\n\n')
  for (const body of bodies) t.match(String((await once(body, 'data'))[0]), /more/)
  t.equal(cut, 0)
})

const PLUGIN = `export default {
  name: 'count', apiVersion: 1,
  options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  create: ({ mark = '' }, env) => {
    env.log.info({ mark }, 'made')
    return {
      response: (x) => x.response.headers.set('X-Mark', mark),
      dispose: () => env.log.info({ mark }, 'disposed'),
    }
  },
}
`

t.test('what a reload replaces is disposed of, once, and what it keeps is not made again', async (t) => {
  const text = (mark: string, more = ''): string =>
    `plugins: [./count.js]\nfilters:\n  - count: { mark: ${mark} }\n  - route-match\n  - proxy\n${BASE}${more}`
  const { replace, after, get, weir } = await startReloadable(t, { 'weir.yaml': text('m0'), 'count.js': PLUGIN })
  const marks = (what: string): unknown[] => weir.lines.filter(({ msg }) => msg === what).map(({ mark }) => mark)
  for (let i = 1; i <= 5; i++) {
    t.equal(await after(() => replace('weir.yaml', text(`m${i}`))), 'applied')
    t.equal((await get('up')).headers['x-mark'], `m${i}`)
    t.equal(await after(() => replace('weir.yaml', text(`m${i}`, entry(`e${i}`, '%up%/e')))), 'applied')
    t.equal(await after(() => replace('weir.yaml', text(`m${i}`, '  - broken\n'))), 'failed')
  }
  await weir.line(() => marks('disposed').length === 5)
  t.strictSame(marks('made'), ['m0', 'm1', 'm2', 'm3', 'm4', 'm5'])
  t.strictSame(marks('disposed'), ['m0', 'm1', 'm2', 'm3', 'm4'])
})

t.test('another plugin under the same name is another filter', async (t) => {
  const text = (file: string): string => `plugins: [${file}]\nfilters: [count: {}, route-match, proxy]\n${BASE}`
  const { replace, after, get } = await startReloadable(t, {
    'weir.yaml': text('./one.js'),
    'one.js': PLUGIN.replaceAll("mark = ''", "mark = 'one'"),
    'two.js': PLUGIN.replaceAll("mark = ''", "mark = 'two'"),
  })
  t.equal((await get('up')).headers['x-mark'], 'one')
  t.equal(await after(() => replace('weir.yaml', text('./two.js'))), 'applied')
  t.equal((await get('up')).headers['x-mark'], 'two')
})

t.test('filters of unchanged options are the same instances, with all that they remember', async (t) => {
  const endpoints = [
    { name: 'a', url: 'http://127.0.0.1:9' },
    { name: 'b', url: 'http://127.0.0.1:9' },
  ]
  const running = await startGateway(specOf(endpoints))
  t.teardown(() => running.close())
  const { gateway, url } = running
  const named = (): string[] =>
    [...gateway.live!.chains.get('proxy')!.instances].map(({ name, id }) => `${name} ${id}`).sort()
  const before = named()
  await gateway.load(specOf([endpoints[0]!, { ...endpoints[1]!, filters: { proxy: { timeout: 1 } } }]))
  const remade = named().filter((name) => !before.includes(name))
  t.match(remade, [/^proxy /], 'auth, with its cache, and the rest stay')
  t.equal((await send(`${url}/orchestrator/c/`)).status, 404)
})

/** A factory of filters that do no more than they are given. */
const odd = (create: (options: { n: number }, env: FilterEnv) => Filter): FilterFactory => ({
  name: 'odd',
  apiVersion: 1,
  options: { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as never,
  create,
})

t.test('at the deadline replaced filters are disposed of, and what is under way still goes on', async (t) => {
  const held = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream((_request, response) => {
    response.write('before, ')
    held.resolve(response)
  })
  const disposed = Promise.withResolvers<void>()
  const factory = odd(({ n }) => (n === 1 ? { dispose: () => disposed.resolve() } : {}))
  const chain = (n: number) => [['odd', { n }], 'route-match', 'proxy'] as const
  const first = specOf([{ name: 'a', url: upstream.url }], chain(1))
  const { gateway, url, close } = await startGateway(first, { filters: [factory], drainMs: 1 })
  t.teardown(async () => {
    await close()
    await upstream.close()
  })
  const slow = send(`${url}/orchestrator/a/`)
  const response = await held.promise
  await gateway.load(specOf([], chain(2)))
  await disposed.promise
  response.end('and after')
  t.equal((await slow).body, 'before, and after')
})

t.test('a filter that keeps its env keeps none that were there before it', async (t) => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const made: WeakRef<Filter>[] = []
  const factory = odd((_options, env) => {
    const filter: Filter = { dispose: () => void env }
    made.push(new WeakRef(filter))
    return filter
  })
  const spec = (n: number) => specOf([], [['odd', { n }], 'route-match', 'proxy'])
  const { gateway, close } = await startGateway(spec(0), { filters: [factory] })
  t.teardown(close)
  for (let n = 1; n <= 5; n++) await gateway.load(spec(n))
  await new Promise(setImmediate)
  gc()
  t.strictSame(
    made.map((ref) => ref.deref() !== undefined),
    [false, false, false, false, false, true],
  )
})

t.test('a filter that never ends, or fails to, holds no reload up', async (t) => {
  const spec = (n: number) =>
    specOf([{ name: 'a', url: 'http://127.0.0.1:9' }], [['odd', { n }], 'route-match', 'proxy'])
  const end = Promise.withResolvers<void>()
  for (const dispose of [
    () => end.promise,
    () => {
      throw new Error('no')
    },
  ]) {
    const factory = odd(({ n }) => (n === 3 ? {} : { dispose }))
    const { gateway, url, close } = await startGateway(spec(1), { filters: [factory] })
    await gateway.load(spec(2))
    await gateway.load(spec(3))
    t.equal((await send(`${url}/orchestrator/c/`)).status, 404)
    await close()
  }
  end.resolve()
})
