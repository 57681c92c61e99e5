// What `weir explain` says is what the running gateway does: the same requests through both, under generated configurations.
import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type Built, build, release } from '../../../config/commands/build.ts'
import { type DescribedRequest, readRequest } from '../../../config/commands/described-request.ts'
import { explanationOf } from '../../../config/commands/explained-request.ts'
import { type Explained, UNKNOWN } from '../../../config/commands/explanation.ts'
import { rehearseRequest } from '../../../config/commands/rehearsed-request.ts'
import {
  defineFilter,
  type ExplainedExchange,
  type HeaderList,
  type RecentExchanges,
  RecentExchangesKey,
} from '../../../core/index.ts'
import { HOST } from '../../../core/main/run-command.ts'
import { startGateway } from '../../../core/testing.ts'
import { folder } from '../../support/process.ts'
import { startUpstream } from '../../support/upstream.ts'

t.setTimeout(300_000)

const SEED = 20_261_127
const CONFIGS = 50
const REQUESTS = 20
const KEY = '0123456789abcdef0123456789abcdef'
const ASK = 'sixteen-letters-long'

/** A token of the issuer that each configuration trusts, until the year 2100. */
function token(claims: object, key = KEY): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'a', exp: 4_102_444_800, ...claims })}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

const bearer = (claims: object, key?: string) => ['Authorization', `Bearer ${token(claims, key)}`] as const

const FIELDS: readonly (readonly [string, string])[] = [
  bearer({}),
  bearer({ roles: ['customer'] }),
  bearer({ roles: ['admin', 'customer'], scope: 'read' }),
  bearer({ roles: ['admin'] }, 'another-key-another-key-another-!'),
  bearer({ exp: 1 }),
  ['Authorization', 'Bearer nonsense'],
  ['Authorization', 'Basic YTpi'],
  ['Origin', 'https://good.test'],
  ['Origin', 'https://bad.test'],
  ['Access-Control-Request-Method', 'PUT'],
  ['X-Request-Id', 'mine'],
  ['X-Request-Id', 'has spaces'],
  ['X-Beta', '1'],
  ['X-Beta', 'no'],
  ['Cookie', 'plan=gold; a=b'],
  ['X_Beta', '1'],
  ['Connection', 'x-beta'],
  ['X-Forwarded-Host', 'b.test'],
  ['Accept', 'text/html'],
]

const SEGMENTS = [
  'a',
  'b',
  'v1',
  'v2',
  'shop',
  'orders',
  'Shop',
  '7',
  'a',
  'b',
  'c',
  'd',
  'e',
  'f',
  '%61',
  '%2F',
  '..',
  '.',
  '',
  'a;p=1',
  'c%20d',
]
/** What leads somewhere, as a rule. */
const KNOWN = [
  ...['/shop', '/a', '/v1', '/orders/7', '/7/b', '/a/b', '/shop/orders', '/shop', '/v2/b', ''],
  ...['/orchestrator/shop', '/orchestrator/v1/a', '/a/shop', '/a/v1/orders'],
]
const segment = fc.constantFrom(...SEGMENTS)
const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'),
  path: fc
    .tuple(fc.constantFrom(...KNOWN), fc.array(segment, { maxLength: 2 }))
    .map(([known, more]) => [known, ...more].join('/') || '/'),
  query: fc.constantFrom('', '', '?v=1', '?v=2&v=1', '?x'),
  host: fc.constantFrom('a.test', 'b.test', 'x.b.test', 'localhost', 'A.test:80'),
  fields: fc.subarray([...FIELDS], { maxLength: 4 }),
})

const path = fc.constantFrom('/', '/a', '/shop', '/shop/orders', '/v1', '/a/b', '/orders/{id}', '/{any}/b')
const condition = fc.record(
  {
    path,
    host: fc.constantFrom('a.test', 'b.test', '*.b.test'),
    methods: fc.subarray(['GET', 'PUT', 'POST'], { minLength: 1 }),
    headers: fc.constantFrom({ 'x-beta': '1' }, { 'x-beta': { present: false } }),
    query: fc.constantFrom({ v: '1' }, { v: { present: true } }),
    cookies: fc.constant({ plan: ['gold'] }),
  },
  { requiredKeys: ['path'] },
)
const match = fc.oneof({ weight: 2, arbitrary: fc.record({ path }) }, { weight: 1, arbitrary: condition })
const demands = fc.constantFrom(
  ...[{}, {}, {}, { auth_type: 'none' }, { auth_type: 'bearer' }, { roles: ['customer'] }],
  ...[{ roles: ['admin', 'customer'], auth_type: 'bearer' }, { scopes: ['read'] }],
)
const refined = fc.record(
  {
    version: fc.constantFrom('v1', 'v2'),
    match: fc.array(match, { minLength: 1, maxLength: 2 }),
    by_name: fc.boolean(),
    strip_prefix: fc.boolean(),
    methods: fc.subarray(['GET', 'PUT', 'POST', 'DELETE'], { minLength: 1 }),
    disabled: fc.constantFrom(true, false, false, false, false, false),
    allow_ambiguous: fc.constant(['empty_segment', 'path_parameter']),
    use: fc.constant(['public']),
    filters: fc.dictionary(
      fc.constantFrom('cors', 'breaker', 'body-limit', 'method-check'),
      fc.constantFrom('on', 'off'),
      { maxKeys: 2 },
    ),
  },
  { requiredKeys: [] },
)

const endpoint = fc.tuple(refined, demands).map(([one, more]) => ({ ...one, ...more }))

/** Filters before the route; those behind it follow in their usual order. */
const FIRST = ['request-id', 'auth', 'cors', 'body-limit', 'route-match', 'spy']
const config = fc.record({
  order: fc.shuffledSubarray(FIRST, { minLength: 4 }),
  off: fc.subarray(['cors', 'body-limit', 'method-check', 'breaker', 'retry']),
  prefix: fc.constantFrom('', '/orchestrator', '/a'),
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 5 }),
})
type Config = typeof config extends fc.Arbitrary<infer C> ? C : never

function yamlOf({ order, off, prefix, endpoints }: Config, url: string): string {
  const options: Record<string, object> = {
    auth: { secret: KEY, algorithm: 'HS256' },
    cors: { origins: ['https://good.test'] },
    'body-limit': { max_size: 1000 },
    'route-match': { prefix },
  }
  const first = [...order, ...['spy', 'route-match', 'auth'].filter((name) => !order.includes(name))]
  const filters = [...first, 'method-check', 'breaker', 'retry', 'proxy', 'metrics'].map((name) =>
    off.includes(name)
      ? { filter: name, off: true, ...(options[name] && { options: options[name] }) }
      : { [name]: options[name] ?? {} },
  )
  const named = endpoints.map((one, i) => ({ name: ['shop', 'a', 'orders', 'b', '7'][i], url, ...one }))
  const groups = { public: { auth: 'off' } }
  const explain = { secret: ASK }
  return JSON.stringify({ listen: '127.0.0.1:0', admin: 'off', explain, filters, groups, endpoints: named })
}

let service: RecentExchanges | undefined
const spy = defineFilter({
  name: 'spy',
  apiVersion: 1,
  offline: true,
  needs: [RecentExchangesKey],
  create(_, env) {
    service = env.service(RecentExchangesKey)
    return {}
  },
})

/** What both say, in the words of the live explanation. */
function differences(offline: Explained, live: ExplainedExchange, status: number): string[] {
  const found: string[] = []
  const same = (what: string, said: unknown, done: unknown): void => {
    if (said !== done) found.push(`${what}: said ${String(said)}, done ${String(done)}`)
  }
  same('endpoint', offline.endpoint?.id ?? null, live.endpoint)
  same('route', offline.endpoint?.route, live.route?.by)
  same('line of the endpoint', offline.endpoint?.line, live.route?.line ?? undefined)
  offline.filters.forEach(({ name, decision, line }, i) => {
    const step = live.steps[i]!
    same(`filter ${i}`, name, step.filter)
    same(`line of ${name}`, line, step.line ?? undefined)
    if (decision === UNKNOWN) return
    const [, reason] = /^replies \d+ (.*)$/.exec(decision) ?? []
    const verdict = reason !== undefined ? 'reply' : ['off', 'not reached'].includes(decision) ? decision : 'continue'
    same(`verdict of ${name}`, verdict, step.verdict)
    if (reason !== undefined) same(`reason of ${name}`, reason, step.reason)
  })
  if (offline.end.kind === 'reply') {
    same('status', offline.end.status, status)
    same('reason', offline.end.reason, live.reason)
    same('filter that replies', offline.end.filter, live.filter)
  } else if (offline.end.kind === 'call') same('status', 200, status)
  return found
}

t.test(`${CONFIGS * REQUESTS} requests, seed ${SEED}`, async (t) => {
  const upstream = await startUpstream((_, res) => void res.end())
  t.teardown(() => upstream.close())
  const dir = await folder(t)
  const file = join(dir, 'weir.yaml')
  const host = {
    ...HOST,
    catalog: async (loaded: Parameters<typeof HOST.catalog>[0]) =>
      (await HOST.catalog(loaded)).with([[spy, 'the test']]),
  }
  const wrong: string[] = []
  const seen = { endpoint: 0, reply: 0, configs: 0, requests: 0 }
  for (const [i, drawn] of fc.sample(config, { seed: SEED, numRuns: CONFIGS * 20 }).entries()) {
    if (seen.configs === CONFIGS) break
    const yaml = yamlOf(drawn, upstream.url)
    await writeFile(file, yaml)
    const built = await build(file, host).catch(() => undefined)
    if (built === undefined) continue // such as two routes that are equal
    seen.configs++
    const gateway = await startGateway(yaml, { filters: [spy] })
    t.teardown(() => gateway.close())
    let logged = 0
    for (const one of fc.sample(request, { seed: SEED + i, numRuns: REQUESTS })) {
      const url = one.path + one.query
      const fields = [...one.fields, ['Host', one.host] as const]
      const offline = await explainRequest(
        readRequest(
          one.method,
          url,
          fields.map(([name, value]) => `${name}: ${value}`),
        ),
        built,
      )
      const id = `id-${i}-${seen.requests++}`
      const headers: Record<string, string[]> = { 'X-Weir-Explain': [ASK] }
      for (const [name, value] of fields) headers[name] = [...(headers[name] ?? []), value]
      const response = await gateway.inject({ method: one.method, path: url, headers })
      await gateway.logged(++logged)
      const live = await service!.explain(idOf(response.headers))
      if (live === undefined) wrong.push(`${id}: not explained`)
      else {
        if (live.endpoint !== null) seen.endpoint++
        if (offline.end.kind === 'reply') seen.reply++
        const found = differences(offline, live, response.status)
        if (found.length > 0) wrong.push(`${one.method} ${url} ${JSON.stringify(fields)}\n${found.join('\n')}\n${yaml}`)
      }
    }
    await gateway.close()
    await release(built)
  }
  t.strictSame(wrong.slice(0, 3), [])
  t.equal(seen.requests, CONFIGS * REQUESTS)
  t.ok(seen.endpoint > 300 && seen.reply > 300 && seen.reply < 900, JSON.stringify(seen))
})

const idOf = (headers: HeaderList): string =>
  decodeURIComponent(String(headers.get('weir-explain')).replace('/explain/', ''))

/** As `weir explain` does it. */
async function explainRequest(described: DescribedRequest, { config, snapshot, catalog }: Built): Promise<Explained> {
  const { spec, settings, document } = config
  const { clientHeaders } = settings
  const rehearsed = await rehearseRequest(described, { spec, clientHeaders, catalog, chains: snapshot.chains })
  return explanationOf(described, rehearsed, { spec, document })
}
