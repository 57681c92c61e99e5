import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { trace } from '@opentelemetry/api'
import t, { type Test } from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import { attempt, endpoint, exchange, MemoryMeter, outcome } from '../../../core/testing.ts'
import { startTelemetry, type Telemetry } from '../../../plugins/telemetry/telemetry.ts'
import { decodeExport, type ExportedSpan, OtlpCollector } from '../../support/otlp.ts'
import { finished, SPAN, TRACE, target } from './recorder.ts'

const lines: string[] = []
const at = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`)
const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }

async function start(variables: Record<string, string>, meter?: MemoryMeter): Promise<Telemetry> {
  lines.length = 0
  const telemetry = await startTelemetry({ enabled: true }, { log, variables, meter })
  return telemetry!
}

/** One exchange with all that a trace can hold. */
function trafficOf({ tracing }: Telemetry): void {
  const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'vendor=1', 'User-Agent': 'ü/1' }
  const x = exchange({ path: '/v1/orders/7', headers }, performance.now())
  const spans = tracing.begin(x)!
  x.set(RouteSlot, { endpoint: endpoint('v1/orders'), path: '/7', template: '/v1/orders' })
  spans.attribute('tenant', 'a')
  spans.attribute('url.path', '/hidden')
  spans.event('happened', { why: 'so', size: 4.5, done: true })
  for (const [name, verdict, reason] of [
    ['auth', 'continue', undefined],
    ['cors', 'error', 'TypeError'],
  ] as const)
    spans.steps.set(name, { name, startedAt: performance.now(), endedAt: undefined, verdict, reason })
  const first = attempt(performance.now(), 1, target)
  spans.beginAttempt(x, first)
  spans.endAttempt(first, { ...outcome('failure'), error: new WeirError('upstream_reset') })
  tracing.finish(x, finished(x, { status: 502, error: new WeirError('upstream_reset') }))
}

async function collector(t: Test): Promise<OtlpCollector> {
  const made = new OtlpCollector()
  await made.start()
  t.teardown(() => made.stop())
  return made
}

/** What does not differ from one exchange to another. */
const same = (spans: readonly ExportedSpan[]) =>
  spans.map(({ spanId, parentSpanId, startNano, endNano, events, ...rest }) => ({
    ...rest,
    root: parentSpanId === SPAN,
    ids: spanId.length + parentSpanId.length,
    ordered: endNano >= startNano,
    events: events.map(({ nano, ...event }) => ({ ...event, near: nano >= startNano })),
  }))

t.test("the collector gets what the SDK's own exporter would send", async (t) => {
  const own = await collector(t)
  const sdk = await collector(t)
  for (const limits of [
    {},
    {
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '4',
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '5',
      OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '1',
    },
  ]) {
    own.spans.length = 0
    sdk.spans.length = 0
    // An exporter that is unknown makes a list of two, which is left to the SDK.
    for (const [otlp, OTEL_TRACES_EXPORTER] of [
      [own, 'otlp'],
      [sdk, 'otlp,unknown'],
    ] as const) {
      const telemetry = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_TRACES_EXPORTER, ...limits })
      trafficOf(telemetry)
      await telemetry.stop()
    }
    t.equal(own.spans.length, 4)
    t.strictSame(same(own.spans), same(sdk.spans))
  }
})

t.test('a span that a plugin starts is exported beside them', async (t) => {
  const otlp = await collector(t)
  const telemetry = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url })
  trafficOf(telemetry)
  trace.getTracer('tenants').startSpan('lookup').end()
  await telemetry.stop()
  t.strictSame(otlp.spans.map(({ scope }) => scope).sort(), ['tenants', 'weir', 'weir', 'weir', 'weir'])
  const plugins = otlp.spans.find(({ scope }) => scope === 'tenants')
  t.match(plugins, { name: 'lookup', parentSpanId: '', resource: otlp.spans[0]!.resource })
  t.not(plugins!.traceId, TRACE)
  t.strictSame(lines, [])
})

t.test('a collector that is busy gets the spans later, one that refuses them loses them', async (t) => {
  const otlp = await collector(t)
  const meter = new MemoryMeter()
  otlp.status = 503
  otlp.fields = { 'Retry-After': '0' }
  const first = new Promise<void>((resolve) => {
    otlp.onExport = () => {
      otlp.status = 200
      resolve()
    }
  })
  const telemetry = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_BSP_SCHEDULE_DELAY: '5' }, meter)
  trafficOf(telemetry)
  await first
  await otlp.waitFor(4)
  t.equal(meter.value('weir_tracing_spans_dropped_total'), 0)
  otlp.status = 400
  trafficOf(telemetry)
  await new Promise<void>((resolve) => {
    otlp.onExport = resolve
  })
  while (meter.value('weir_tracing_spans_dropped_total', { reason: 'export_failed' }) === 0)
    await new Promise((resolve) => setImmediate(resolve))
  t.equal(meter.value('weir_tracing_spans_dropped_total', { reason: 'export_failed' }), 4)
  await telemetry.stop()
  t.match(lines, [/the export of spans failed: the collector responded with status 400/])
})

t.test('gRPC', async (t) => {
  const spans: ExportedSpan[] = []
  const paths: unknown[] = []
  const server = createHttp2Server().on('stream', async (stream: ServerHttp2Stream, headers) => {
    paths.push(headers[':path'], headers['x-tenant'])
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    // A message of gRPC: one byte of flags and four of length before it (gRPC over HTTP2, "Length-Prefixed-Message").
    spans.push(...decodeExport(Buffer.concat(chunks).subarray(5)))
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const telemetry = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a',
  })
  trafficOf(telemetry)
  await telemetry.stop()
  t.strictSame(paths, ['/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'a'])
  t.match(spans, [{ scope: 'weir', traceId: TRACE, name: 'GET /v1/orders', resource: { 'service.name': 'weir' } }])
  t.equal(spans.length, 4)
  t.strictSame(lines, [])
})

const openssl = spawnSync('openssl', ['version']).status === 0
if (!openssl && process.env.CI !== undefined) t.fail('openssl is needed here, and must be installed in CI')

t.test('a collector with a certificate of its own', { skip: !openssl && 'NOT TESTED: no openssl' }, async (t) => {
  const folder = t.testdir()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${key} -out ${cert}`
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...args.split(' '), ...names], { stdio: 'ignore' })
  const spans: ExportedSpan[] = []
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    spans.push(...decodeExport(Buffer.concat(chunks)))
    response.end()
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const OTEL_EXPORTER_OTLP_ENDPOINT = `https://localhost:${(server.address() as AddressInfo).port}`
  const trusting = await start({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_CERTIFICATE: cert })
  trafficOf(trusting)
  await trusting.stop()
  t.equal(spans.length, 4)
  const strict = await start({ OTEL_EXPORTER_OTLP_ENDPOINT })
  trafficOf(strict)
  await strict.stop()
  t.equal(spans.length, 4)
  t.match(lines, [/self-signed certificate/])
})
