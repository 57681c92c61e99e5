// What docs/reference/spans.md says of spans, against what a collector gets from a gateway.
import { globSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { inject } from '../../core/testing/inject.ts'
import { type ExportedSpan, OtlpCollector } from '../support/otlp.ts'
import { folder, startWeir } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'

const page = readFileSync(new URL('../../docs/reference/spans.md', import.meta.url), 'utf8')
const section = (name: string): string => page.split(/^## /m).find((text) => text.startsWith(name))!
const rows = (name: string): string[][] =>
  section(name)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
const codes = (cell: string): string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!)

/** By attribute. */
const ATTRIBUTES = new Map(
  rows('Attributes').map(([name = '', type = '', on = '', when = '']) => [
    codes(name)[0]!,
    { type, on: on.toUpperCase().split(', '), always: when.startsWith('always') },
  ]),
)
const isOf: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string' && value !== '',
  int: Number.isInteger,
  double: (value) => typeof value === 'number',
}

/** Attributes that OpenTelemetry's conventions require ("HTTP spans", stable), with the types that they give. */
const REQUIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SERVER: { 'http.request.method': 'string', 'url.path': 'string', 'url.scheme': 'string' },
  CLIENT: {
    'http.request.method': 'string',
    'server.address': 'string',
    'server.port': 'int',
    'url.full': 'string',
  },
}
/** What they say of values. */
const METHODS = /^(?:CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|TRACE|QUERY|_OTHER)$/

function unconventional({ kind, name, attributes, status }: ExportedSpan): string[] {
  const found = Object.entries(REQUIRED[kind] ?? {})
    .filter(([attribute, type]) => isOf[type]!(attributes[attribute]) !== true)
    .map(([attribute]) => `${kind} has no ${attribute}`)
  if (REQUIRED[kind] === undefined) return found
  const method = String(attributes['http.request.method'])
  const code = Number(attributes['http.response.status_code'] ?? 0)
  if (!METHODS.test(method)) found.push(`the method ${method}`)
  if ((method === '_OTHER') !== (attributes['http.request.method_original'] !== undefined))
    found.push('method_original')
  if (!name.startsWith(method === '_OTHER' ? 'HTTP' : method)) found.push(`the name ${name}`)
  const fails = kind === 'SERVER' ? code >= 500 : code >= 400 || attributes['error.type'] !== undefined
  if (fails !== (status === 'ERROR')) found.push(`${kind} ${code} has the status ${status}`)
  if (fails && attributes['error.type'] === undefined) found.push(`${kind} ${code} has no error.type`)
  return found
}

function problems(span: ExportedSpan): string[] {
  const { kind, attributes } = span
  const found = unconventional(span)
  for (const [name, value] of Object.entries(attributes)) {
    const known = ATTRIBUTES.get(name)
    if (known === undefined) found.push(`${name} is not documented`)
    else if (!known.on.includes(kind)) found.push(`${name} is not documented for ${kind}`)
    else if (isOf[known.type]?.(value) !== true) found.push(`${name} is no ${known.type}: ${String(value)}`)
  }
  for (const [name, { on, always }] of ATTRIBUTES)
    if (always && on.includes(kind) && attributes[name] === undefined) found.push(`${kind} has no ${name}`)
  return found
}

t.test('spans are as documented, and their shares add up', async (t) => {
  const collector = new OtlpCollector()
  await collector.start()
  t.teardown(() => collector.stop())
  let calls = 0
  const upstream = await startUpstream(async (req, res) => {
    calls++
    await setTimeout(5)
    if (req.url!.includes('cut') || (req.url!.includes('once') && calls % 2 === 1)) return void req.socket.destroy()
    res.end('up')
  })
  t.teardown(() => upstream.close())
  const yaml = `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0 }
tracing: { enabled: true, endpoint: "${collector.url}" }
filters: [request-id, auth: { secret: 0123456789abcdef0123456789abcdef }, route-match, method-check, breaker: { failure_threshold: 3 }, retry, proxy, metrics]
endpoints:
  - { name: up, url: "${upstream.url}" }
  - { name: closed, url: "${upstream.url}", auth_type: bearer }
  - { name: cut, url: "${upstream.url}/cut" }
`
  const cwd = await folder(t, { 'weir.yaml': yaml })
  const { weir, proxy } = await startWeir(t, {
    cwd,
    // Failures open the breaker of a process: those of several workers do not add up.
    env: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BSP_MAX_QUEUE_SIZE: '8192', WEIR_WORKERS: '1' },
  })
  const call = (path: string, method = 'GET') => inject(proxy, { path, method, headers: { 'User-Agent': 'test' } })
  for (const [path, method] of [
    ['/orchestrator/closed/', 'GET'],
    ['/orchestrator/none/', 'GET'],
    ['/orchestrator/up/once', 'GET'],
    ['/orchestrator/up/once', 'GET'],
    ['/orchestrator/up/', 'PROPFIND'],
    ['/orchestrator/up/', 'HEAD'],
    ...Array.from({ length: 4 }, () => ['/orchestrator/cut/', 'POST']),
  ] as const)
    await call(path, method)
  for (let i = 0; i < 200; i++) t.equal((await call(`/orchestrator/up/${i}`)).status, 200)
  t.equal((await weir.stop()).code, 0)

  const { spans } = collector
  const servers = spans.filter(({ kind }) => kind === 'SERVER')
  t.equal(servers.length, 210)
  t.strictSame([...new Set(spans.flatMap(problems))], [])
  for (const { parentSpanId, kind, traceId } of spans)
    if (kind !== 'SERVER') t.ok(servers.some((one) => one.spanId === parentSpanId && one.traceId === traceId))

  const seen = new Map(spans.flatMap(({ events }) => events.map((event) => [event.name, event.attributes] as const)))
  t.strictSame([...seen.keys()].toSorted(), ['weir.breaker', 'weir.retry'])
  for (const [name, attributes] of seen) {
    const [, documented = ''] = rows('Events').find(([event = '']) => codes(event)[0] === name) ?? []
    for (const key of Object.keys(attributes)) t.ok(codes(documented).includes(key), `${name} ${key}`)
  }

  // The shares are the whole, and what neither filters nor attempts took is small: 5 %, or 50 µs.
  const rest: number[] = []
  let close = 0
  for (const server of servers) {
    const of = spans.filter(({ traceId }) => traceId === server.traceId)
    const ms = Number(server.endNano - server.startNano) / 1e6
    const self = (some: readonly ExportedSpan[]): number =>
      some.reduce((sum, { attributes }) => sum + Number(attributes['weir.self_ms']), 0)
    const whole = self(of)
    if (Math.abs(whole - ms) > 0.0005 * of.length + 0.002) t.fail(`${whole} of ${ms} ms`)
    rest.push(ms - self(of.filter((one) => one !== server)))
    if (ms - self(of.filter((one) => one !== server)) <= Math.max(0.05, ms * 0.05)) close++
  }
  rest.sort((a, b) => a - b)
  t.comment(`the gateway itself: median ${rest[105]}, p90 ${rest[189]} ms`)
  t.comment(`filters and attempts are within 5 % or 50 µs of the whole in ${close} of ${servers.length}`)
  t.ok(close > 0)
})

t.test('every name of the code is documented, and every documented one is in the code', async (t) => {
  const root = new URL('../../', import.meta.url)
  const files = globSync(['filters/**/*.ts', 'plugins/telemetry/*.ts'], { cwd: root })
  const code = files.map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n')
  const names = new Set(Array.from(code.matchAll(/['"](weir\.[a-z_.]+)['"]/g), ([, name]) => name!))
  const documented = new Set(codes(page).filter((name) => name.startsWith('weir.') && name !== 'weir.'))
  t.strictSame([...names].toSorted(), [...documented].toSorted())
  for (const name of ATTRIBUTES.keys()) t.ok(code.includes(`'${name}'`), name)
})
