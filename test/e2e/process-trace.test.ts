import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { hostname } from 'node:os'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { send, sendRaw } from '../support/client.ts'
import { OtlpCollector } from '../support/otlp.ts'
import { folder, startWeir, yamlFor } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const FILTERS = ['request-id', 'auth', 'route-match', 'method-check', 'breaker', 'proxy', 'metrics']

/** Says on stderr when the SDK is resolved. */
const SPY = `import { registerHooks } from 'node:module'
import { writeSync } from 'node:fs'
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === '@opentelemetry/sdk-node') writeSync(2, 'SDK LOADED\\n')
    return next(specifier, context)
  },
})
`

async function setUp(t: Test) {
  const seen: IncomingHttpHeaders[] = []
  const upstream = await startUpstream((request, response) => {
    seen.push(request.headers)
    response.end('fine')
  })
  const collector = new OtlpCollector()
  await collector.start()
  t.teardown(() => Promise.all([upstream.close(), collector.stop()]))
  const cwd = await folder(t, { 'weir.yaml': yamlFor(upstream.url), 'spy.mjs': SPY })
  const NODE_OPTIONS = `--import ${cwd}/spy.mjs`
  return { seen, collector, cwd, NODE_OPTIONS, server: upstream.server }
}

t.test('a request is one trace from the caller to the upstream', async (t) => {
  const { seen, collector, cwd, NODE_OPTIONS } = await setUp(t)
  const env = { NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' }
  const { weir, proxy } = await startWeir(t, { cwd, env })
  const answer = await send(`${proxy}/orchestrator/v1/up/things?token=abc&x=1`)
  t.equal(answer.body, 'fine')
  const spans = await collector.waitFor(9)
  t.equal(spans.length, 9)
  t.equal(new Set(spans.map((span) => span.traceId)).size, 1, 'one trace')
  const server = spans.find((span) => span.kind === 'SERVER')!
  const client = spans.find((span) => span.kind === 'CLIENT')!
  t.match(server, {
    name: 'GET /orchestrator/v1/up',
    parentSpanId: '',
    attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200, 'url.path': String },
    resource: { 'service.name': 'weir' },
  })
  t.same(
    spans
      .filter((span) => span.kind === 'INTERNAL')
      .map((span) => span.name)
      .sort(),
    FILTERS.map((name) => `filter ${name}`).sort(),
  )
  for (const span of spans) {
    if (span === server) continue
    t.equal(span.parentSpanId, server.spanId, `${span.name} is a child of the server span`)
    t.ok(span.startNano >= server.startNano && span.endNano <= server.endNano, `${span.name} lies within it`)
  }
  t.match(client.attributes['url.full'], /\/things\?token=REDACTED&x=1$/)
  t.equal(seen[0]!.traceparent, `00-${client.traceId}-${client.spanId}-01`)

  await weir.stop()
  const line = weir.access[0]
  t.match(line, { trace_id: server.traceId, request_id: answer.headers['x-request-id'], status: 200 })
  t.ok(line?.request_id)
  t.match(weir.stderr, 'SDK LOADED', 'the spy sees it where tracing is on')
})

t.test('each process has an id that says which it is', async (t) => {
  const { collector, cwd } = await setUp(t)
  const idsOf = async (WEIR_WORKERS: string, variables: Record<string, string> = {}) => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      WEIR_WORKERS,
      ...variables,
    }
    const { weir, proxy } = await startWeir(t, { cwd, env })
    const ids = (): unknown[] => [...new Set(collector.spans.map(({ resource }) => resource['service.instance.id']))]
    collector.spans.length = 0
    for (let i = 0; i < 500 && ids().length < Number(WEIR_WORKERS); i++)
      await send(`${proxy}/orchestrator/v1/up/`, { headers: { Connection: 'close' } })
    await weir.stop()
    return { ids: ids().toSorted(), pid: weir.child.pid }
  }
  const one = await idsOf('1')
  t.strictSame(one.ids, [`${hostname()}/${one.pid}`])
  const two = await idsOf('2')
  t.strictSame(two.ids, [`${hostname()}/${two.pid}/1`, `${hostname()}/${two.pid}/2`])
  const given = { OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=blue,deployment.environment=test' }
  t.strictSame((await idsOf('1', given)).ids, ['blue'])
  t.strictSame((await idsOf('2', { ...given, OTEL_NODE_RESOURCE_DETECTORS: 'all' })).ids, ['blue/1', 'blue/2'])
  t.match(collector.spans[0]!.resource, { 'deployment.environment': 'test', 'service.name': 'weir' })
})

t.test('the spans of a WebSocket last as long as it does', async (t) => {
  const { collector, cwd, server } = await setUp(t)
  new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' }
  const { proxy } = await startWeir(t, { cwd, env })
  const client = new WebSocket(`${proxy.replace('http', 'ws')}/orchestrator/v1/up/chat`)
  await once(client, 'open')
  client.send('x')
  await once(client, 'message')
  const last = Date.now()
  client.close()
  const spans = await collector.waitFor(9)
  for (const kind of ['SERVER', 'CLIENT']) {
    const span = spans.find((span) => span.kind === kind)!
    t.equal(span.attributes['http.response.status_code'], 101, kind)
    // A tick of the clock for rounding.
    t.ok(Number(span.endNano / 1_000_000n) >= last - 2, `the ${kind} span ends with the tunnel`)
  }
})

t.test("the caller's trace is continued, and what is left is sent at the end", async (t) => {
  const { seen, collector, cwd } = await setUp(t)
  const { weir, proxy } = await startWeir(t, { cwd, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
  const traceId = 'a'.repeat(32)
  const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' }
  await send(`${proxy}/orchestrator/v1/up/`, { headers })
  t.equal((await weir.stop()).code, 0)
  const server = collector.spans.find((span) => span.kind === 'SERVER')
  t.match(server, { traceId, parentSpanId: 'b'.repeat(16), traceState: 'vendor=1' })
  t.match(seen[0]!.traceparent, new RegExp(`^00-${traceId}-(?!b{16})[0-9a-f]{16}-01$`))
  t.match(seen[0]!.tracestate, 'vendor=1')
  t.equal(weir.access[0]?.trace_id, traceId)
})

t.test('always_off exports nothing, and the upstream still gets a valid traceparent', async (t) => {
  const { seen, collector, cwd } = await setUp(t)
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER: 'always_off' }
  const { weir, proxy } = await startWeir(t, { cwd, env })
  await send(`${proxy}/orchestrator/v1/up/`)
  t.equal((await weir.stop()).code, 0)
  t.same(collector.exports, [])
  t.match(seen[0]!.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
})

t.test('without tracing the SDK is never loaded and trace headers pass untouched', async (t) => {
  const { seen, collector, cwd, NODE_OPTIONS } = await setUp(t)
  const { weir, proxy } = await startWeir(t, { cwd, env: { NODE_OPTIONS } })
  const traceparent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`
  await send(`${proxy}/orchestrator/v1/up/`, { headers: { traceparent } })
  await weir.stop()
  t.equal(seen[0]!.traceparent, traceparent)
  t.equal(weir.access[0]?.trace_id, 'c'.repeat(32))
  t.equal(weir.stderr, '')
  t.same(collector.exports, [])
})

t.test('a collector that is not there costs nothing but a line', async (t) => {
  const { cwd } = await setUp(t)
  const { weir, proxy } = await startWeir(t, { cwd, env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } })
  t.equal((await send(`${proxy}/orchestrator/v1/up/`)).status, 200)
  const asked = performance.now()
  t.equal((await weir.stop()).code, 0)
  const ms = performance.now() - asked
  t.ok(ms < 6000, `it is given up after three seconds (${ms.toFixed(0)} ms)`)
})

t.test('credentials of a target that is refused show nowhere', async (t) => {
  const { collector, cwd, NODE_OPTIONS } = await setUp(t)
  const env = { NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' }
  const { weir, proxy } = await startWeir(t, { cwd, env })
  const port = Number(new URL(proxy).port)
  const answers: string[] = []
  for (const [line, host, status] of [
    ['GET http://us3r:pa55@host/x HTTP/1.1', 'host', 400],
    ['GET http://us3r:pa55@host/x?q=1 HTTP/1.1', 'a b', 400],
    ['GET http://us3r:pa/pa55@host/x HTTP/1.1', 'host', 400],
    ['GET http://us3r:p?pa55@host/x HTTP/1.1', 'host', 400],
    ['GET http://us3r:p#pa55@host/x HTTP/1.1', 'host', 400],
    ['GET http://us3r:pa55%40host/x HTTP/1.1', 'host', 400],
    ['GET ftp://us3r:pa55@host/x HTTP/1.1', 'host', 400],
    ['CONNECT us3r:pa55@host:443 HTTP/1.1', 'host', '400|501'],
    ['GET http://us3r:pa55@host/\x01 HTTP/1.1', 'host', 400],
  ] as const) {
    const answer = await sendRaw(port, `${line}\r\nHost: ${host}\r\nAccept: application/json\r\n\r\n`)
    t.match(answer, new RegExp(`^HTTP/1.1 (?:${status}) `), line)
    answers.push(answer)
  }
  await collector.waitFor(7)
  await weir.stop()
  t.ok(weir.access.length >= 7)
  for (const seen of [...answers, weir.stdout, weir.stderr, inspect(collector.spans, { depth: 9 })])
    t.notMatch(seen, /us3r|pa55/)
})
