import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import type { Exchange } from '../../../core/api/exchange.ts'
import type { Logger } from '../../../core/api/logger.ts'
import { Recording } from '../../../core/api/recording.ts'
import { systemClock } from '../../../core/base/clock.ts'
import { traceFilter } from '../../../core/observe/filter-spans.ts'
import { attempt, endpoint, exchange, outcome, withResponse } from '../../../core/testing.ts'
import { startTelemetry, telemetryWanted } from '../../../plugins/telemetry/telemetry.ts'
import { OtlpCollector } from '../../support/otlp.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const target = { url: 'http://up:81', origin: 'http://up:81', host: 'up:81', basePath: '', weight: 1 }

function logger() {
  const lines: string[] = []
  const at = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`)
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return { log, lines }
}

async function collector(t: Test): Promise<OtlpCollector> {
  const made = new OtlpCollector()
  await made.start()
  t.teardown(() => made.stop())
  return made
}

const finished = (x: Exchange) =>
  ({ exchange: x, outcome: 'completed', status: 200, error: undefined, durationMs: 1 }) as const

t.test('when tracing is on', async (t) => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }
  const table: [enabled: boolean | undefined, variables: Record<string, string>, on: boolean][] = [
    [undefined, {}, false],
    [true, {}, true],
    [undefined, endpoint, true],
    [undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces' }, true],
    [undefined, { OTEL_TRACES_EXPORTER: 'console' }, true],
    [undefined, { OTEL_TRACES_EXPORTER: 'none', ...endpoint }, false],
    [true, { OTEL_TRACES_EXPORTER: 'none' }, false],
    [false, endpoint, false],
    [true, { OTEL_SDK_DISABLED: 'true', ...endpoint }, false],
    [undefined, { OTEL_SDK_DISABLED: 'TRUE', ...endpoint }, false],
    [true, { OTEL_SDK_DISABLED: 'false' }, true],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, false],
  ]
  for (const [enabled, variables, on] of table)
    t.equal(telemetryWanted({ enabled }, variables), on, `${enabled} ${JSON.stringify(variables)}`)
  t.equal(await startTelemetry({}, { log: logger().log, variables: {} }), undefined)
})

t.test('spans arrive at a collector as OTLP', async (t) => {
  const otlp = await collector(t)
  const { log, lines } = logger()
  const before = { ...process.env }
  const telemetry = await startTelemetry(
    { endpoint: 'http://127.0.0.1:1', serviceName: 'from-yaml' },
    {
      log,
      variables: {
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a',
        OTEL_SERVICE_NAME: 'gate',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
        OTEL_BSP_SCHEDULE_DELAY: '20',
      },
    },
  )
  t.strictSame({ ...process.env }, before, 'the environment is as it was')
  const { tracing, stop } = telemetry!
  const x = exchange(
    { path: '/v1/orders/7', headers: { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'vendor=1' } },
    performance.now(),
  )
  tracing.begin(x)
  x.recording = new Recording(x, systemClock, false)
  traceFilter({ request: () => {} }, 'request-id').request!(x)
  x.set(RouteSlot, { endpoint: endpoint('v1/orders'), path: '/7', template: '/v1/orders' })
  const proxy = traceFilter({ call: () => withResponse(x).response }, 'proxy')
  const first = attempt(performance.now(), 1, target)
  proxy.call(x, first, { upgrade: undefined })
  proxy.settled!(x, first, outcome('success', 200))
  tracing.finish(x, finished(x))

  const spans = await otlp.waitFor(4)
  t.equal(spans.length, 4)
  const server = spans.find(({ kind }) => kind === 'SERVER')!
  t.match(server, {
    traceId: TRACE,
    parentSpanId: SPAN,
    traceState: 'vendor=1',
    name: 'GET /v1/orders',
    status: 'UNSET',
    scope: 'weir',
    attributes: { 'http.route': '/v1/orders', 'http.response.status_code': 200 },
    resource: { 'service.name': 'gate', 'deployment.environment': 'test' },
  })
  for (const key of Object.keys(server.resource))
    t.notMatch(key, /^(host|process|os)\./, 'nothing of the machine or its owner is told')
  const client = spans.find(({ kind }) => kind === 'CLIENT')!
  t.match(client, { name: 'GET', parentSpanId: server.spanId, attributes: { 'url.full': 'http://up:81/7' } })
  t.equal(x.request.headers.get('traceparent'), `00-${TRACE}-${client.spanId}-01`)
  t.strictSame(
    spans
      .filter(({ kind }) => kind === 'INTERNAL')
      .map(({ name }) => name)
      .sort(),
    ['filter proxy', 'filter request-id'],
  )
  for (const span of spans) {
    t.ok(span.endNano >= span.startNano, span.name)
    t.ok(span.startNano >= server.startNano, span.name)
  }
  t.match(otlp.exports[0], {
    path: '/v1/traces',
    headers: { 'content-type': 'application/x-protobuf', 'x-tenant': 'a' },
  })

  const fresh = exchange({}, performance.now())
  tracing.begin(fresh)
  tracing.finish(fresh, finished(fresh))
  await stop()
  t.equal(otlp.spans.at(-1)!.traceId, fresh.traceId, 'stop sends what is left, and a new trace has its decided id')
  t.strictSame(lines, [])
})

t.test('defaults of the YAML; what is not sampled never becomes a span', async (t) => {
  const otlp = await collector(t)
  const { log, lines } = logger()
  const telemetry = await startTelemetry(
    { enabled: true, endpoint: otlp.url, sampleRatio: 0.5, serviceName: 'from-yaml' },
    {
      log,
      variables: {
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        OTEL_PROPAGATORS: 'tracecontext,xray',
        OTEL_LOG_LEVEL: 'error',
      },
    },
  )
  let sampled = 0
  for (let i = 0; i < 200; i++) {
    const x = exchange({}, performance.now())
    if (telemetry!.tracing.begin(x) !== undefined) sampled++
    telemetry!.tracing.finish(x, finished(x))
  }
  await telemetry!.stop()
  t.ok(sampled > 50 && sampled < 150, `${sampled} of 200`)
  t.equal(otlp.spans.length, sampled)
  t.equal(otlp.spans[0]!.resource['service.name'], 'from-yaml')
  t.match(lines, [/xray/])
})

t.test('a collector that cannot be reached costs a log line', async (t) => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
  const { log, lines } = logger()
  const telemetry = await startTelemetry(
    { enabled: true, endpoint: `http://127.0.0.1:${port}` },
    { log, variables: { OTEL_EXPORTER_OTLP_TIMEOUT: '300', OTEL_BSP_SCHEDULE_DELAY: '5' } },
  )
  const x = exchange({}, performance.now())
  t.ok(telemetry!.tracing.begin(x))
  telemetry!.tracing.finish(x, finished(x))
  await telemetry!.stop()
  t.match(lines, [/could not be sent|ECONNREFUSED/])
})

t.test('stop does not wait for a collector that never answers', async (t) => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const { log, lines } = logger()
  const telemetry = await startTelemetry(
    { enabled: true, endpoint: `http://127.0.0.1:${port}` },
    { log, variables: {}, stopMs: 100 },
  )
  const x = exchange({}, performance.now())
  telemetry!.tracing.begin(x)
  telemetry!.tracing.finish(x, finished(x))
  await telemetry!.stop()
  t.match(lines, [/no response within 100 ms/])
  server.close()
})
