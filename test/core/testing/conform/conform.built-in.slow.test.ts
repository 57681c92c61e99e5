// Every filter that Weir brings keeps the rules of `conform`, with its defaults and with the options that change most.
import { SignJWT } from 'jose'
import t from 'tap'
import {
  ConfigControlKey,
  EndpointControlKey,
  GatewayStatusKey,
  HealthControlKey,
  type TokenIssuer,
  TokenIssuerKey,
} from '../../../../core/index.ts'
import { FILTERS } from '../../../../core/main/built-in.ts'
import { type ConformSetup, conform, conformance, ManualClock } from '../../../../core/testing.ts'
import { requestId } from '../../../../filters/request-id/filter.ts'
import { startUpstream } from '../../../support/upstream.ts'

const upstream = await startUpstream((request, response) => {
  request.resume()
  request.on('end', () => response.end(`${request.method} ${request.url}`))
})
t.teardown(() => upstream.close())

const SECRET = '0123456789abcdef0123456789abcdef'
const exp = new ManualClock().wall() / 1000 + 3600
const token = await new SignJWT({ sub: 'ann', exp, roles: ['admin'] })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(Buffer.from(SECRET))

const status = {
  version: '0',
  ready: () => true,
  checks: () => ({ listeners: true }),
  metrics: async () => ({ type: 'text/plain', content: [] }),
}
const config = { status: () => ({ version: '0' }), reload: async () => ({ outcome: 'unchanged' }) }
const services: ConformSetup['services'] = [
  [GatewayStatusKey, status],
  [ConfigControlKey, config as never],
  [EndpointControlKey, {} as never],
  [HealthControlKey, {} as never],
]

const TOKENS = { prefix: '/auth', issuer: 'https://gateway.example.com' }
const issuer: TokenIssuer = {
  respond: async () => ({ status: 200, reason: undefined, headers: {}, body: '{"keys":[]}' }),
}

/** What each filter needs, or is checked with beside its defaults. */
const SETUPS: Readonly<Record<string, readonly ConformSetup[]>> = {
  cors: [
    { options: { origins: ['*'] } },
    {
      options: { origins: ['https://*.example.org'], credentials: true, enforce_origin: true },
      request: {
        method: 'OPTIONS',
        headers: { Origin: 'https://a.example.org', 'Access-Control-Request-Method': 'PUT' },
      },
    },
  ],
  auth: [
    {},
    {
      options: { secret: SECRET, required: true, roles: ['admin'] },
      request: { headers: { Authorization: `Bearer ${token}` } },
      async: ['request', 'routed'],
    },
  ],
  'route-match': [{}, { options: { prefix: '', debug: true }, request: { path: '/api/7' } }],
  'method-check': [{}, { options: { methods: ['GET', 'POST'] } }],
  'body-limit': [{}, { options: { max_size: '1KiB' } }],
  retry: [{}, { options: { methods: ['GET', 'POST'], timeout: '2s', per_try_timeout: '500ms' } }],
  'concurrency-limit': [{}, { options: { max_concurrent: 1, queue_timeout: '50ms' } }],
  breaker: [
    {},
    { options: { fallback_strategy: 'cached_response', failure_threshold: 1 } },
    { options: { failure_threshold: 'off', failure_rate: 50, scope: 'target' } },
  ],
  proxy: [{ endpoint: { url: upstream.url } }, { endpoint: { url: 'http://127.0.0.1:1' } }],
  tokens: [
    { options: TOKENS },
    {
      options: TOKENS,
      services: [[TokenIssuerKey, issuer]],
      request: { path: '/auth/jwks.json' },
      async: ['request'],
    },
  ],
  admin: [{ services }, { services, request: { path: '/metrics' } }],
}

for (const filter of FILTERS)
  for (const [i, setup] of (SETUPS[filter.name] ?? [{}]).entries())
    t.test(
      `${filter.name}${i === 0 ? '' : ` with ${JSON.stringify(setup.options ?? setup.request ?? setup.endpoint)}`}`,
      async () => {
        await conform(filter, setup)
      },
    )

t.test('the rules one by one', async (t) => {
  const tests = conformance(requestId)
  t.ok(tests.length >= 10)
  for (const { name, run } of tests) await t.test(name, run)
  const [shape] = conformance({ ...requestId, name: 'Not Kebab' })
  await t.rejects(shape!.run(), /the factory has the shape of one/)
})
