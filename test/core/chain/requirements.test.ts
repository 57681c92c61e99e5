// What the engine itself refuses before anything goes upstream. The gateway and the rehearsal of `weir explain` must agree.
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { CompiledChain } from '../../../core/chain/compiled-chain.ts'
import { rehearse } from '../../../core/chain/rehearsal.ts'
import { refusalBeforeUpstream } from '../../../core/chain/requirements.ts'
import {
  AUTHENTICATION,
  defineFilter,
  EndpointsKey,
  type FilterFactory,
  RouteSlot,
  reply,
  type TerminalFilter,
} from '../../../core/index.ts'
import { FILTERS } from '../../../core/main/built-in.ts'
import { endpoint, exchange, specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

/** A routing plugin that does not look at the endpoint's status: `/name` leads to the endpoint of that name. */
const router = defineFilter({
  name: 'router',
  apiVersion: 1,
  offline: true,
  writes: [RouteSlot],
  needs: [EndpointsKey],
  create: (_options, env) => ({
    request(x) {
      const found = env.service(EndpointsKey).find(({ name }) => x.request.path === `/${name}`)
      if (found !== undefined) x.set(RouteSlot, { endpoint: found, path: '/', template: `/${found.name}` })
    },
  }),
})

/** A filter that says it enforces authentication, and satisfies it or not. */
const guard = (satisfies: boolean): FilterFactory =>
  defineFilter({
    name: 'guard',
    apiVersion: 1,
    offline: true,
    enforces: [AUTHENTICATION],
    create: () => ({
      routed(x) {
        if (satisfies) x.satisfy(AUTHENTICATION)
      },
    }),
  })

/** Asks the gateway and the rehearsal for each path: `status code`, and `upstream` for what would go there. */
async function outcomes(t: Test, filters: readonly FilterFactory[], paths: readonly string[]) {
  let calls = 0
  const upstream = await startUpstream((_request, response) => {
    calls++
    response.end('upstream')
  })
  t.teardown(() => upstream.close())
  const { url } = upstream
  const endpoints = [
    { name: 'open', url },
    { name: 'closed', url, requires: [AUTHENTICATION] },
    { name: 'disabled', url, status: 'disabled' as const },
    { name: 'inactive', url, status: 'inactive' as const },
    { name: 'both', url, status: 'disabled' as const, requires: [AUTHENTICATION] },
  ]
  const spec = specOf(endpoints, [...filters.map(({ name }) => name), 'proxy'])
  const gateway = await startGateway(spec, { filters })
  t.teardown(() => gateway.close())
  const chain = gateway.gateway.live!.chains.get('proxy')!
  const factories = spec.listeners[0]!.chain.map(({ factory }) =>
    [...FILTERS, ...filters].find(({ name }) => name === factory),
  )
  const seen: Record<string, { gateway: string; rehearsal: string; retryAfter: string | undefined }> = {}
  for (const path of paths) {
    const before = calls
    const { status, json, headers } = await send(`${gateway.url}${path}`)
    const { end } = await rehearse(exchange({ path }), chain, factories)
    seen[path] = {
      gateway: calls > before ? 'upstream' : `${status} ${json().code}`,
      rehearsal:
        'reply' in end ? `${end.reply.status} ${end.reply.reason}` : 'target' in end ? 'upstream' : end.unknown,
      retryAfter: headers['retry-after'],
    }
  }
  return seen
}

t.test('an endpoint that is out of service, behind a routing plugin that does not check it', async (t) => {
  const seen = await outcomes(t, [router, guard(true)], ['/open', '/disabled', '/inactive', '/none'])
  t.match(seen, {
    '/open': { gateway: 'upstream', rehearsal: 'upstream', retryAfter: undefined },
    '/disabled': { gateway: '503 endpoint_disabled', rehearsal: '503 endpoint_disabled', retryAfter: '60' },
    '/inactive': { gateway: '503 endpoint_inactive', rehearsal: '503 endpoint_inactive', retryAfter: '60' },
    '/none': { gateway: '404 no_route', rehearsal: '404 no_route' },
  })
})

t.test('requirements, and that they come before the status', async (t) => {
  const lax = await outcomes(t, [router, guard(false)], ['/open', '/closed', '/both'])
  t.match(lax, {
    '/open': { gateway: 'upstream', rehearsal: 'upstream' },
    '/closed': { gateway: '500 requirement_unmet', rehearsal: '500 requirement_unmet' },
    '/both': { gateway: '500 requirement_unmet', rehearsal: '500 requirement_unmet' },
  })
  const strict = await outcomes(t, [router, guard(true)], ['/closed', '/both'])
  t.match(strict, {
    '/closed': { gateway: 'upstream', rehearsal: 'upstream' },
    '/both': { gateway: '503 endpoint_disabled', rehearsal: '503 endpoint_disabled' },
  })
})

t.test('a stranger does not learn that a protected endpoint is out of service', async (t) => {
  const secret = '0123456789abcdef0123456789abcdef'
  const sign = (roles: readonly string[]) =>
    new SignJWT({ roles }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(Buffer.from(secret))
  const [admin, other] = [await sign(['admin']), await sign([])]
  const statuses = ['active', 'disabled', 'inactive'] as const
  const upstream = await startUpstream((_request, response) => response.end('upstream'))
  t.teardown(() => upstream.close())
  const gateway = await startGateway(`filters:
  - auth: { secret: ${secret} }
  - route-match
  - method-check
  - proxy
endpoints:
${statuses.map((status) => `  - { name: ${status}, status: ${status}, url: "${upstream.url}", roles: [admin], methods: [GET] }`).join('\n')}
  - { name: open, status: disabled, url: "${upstream.url}", methods: [GET] }
`)
  t.teardown(() => gateway.close())
  const ask = async (name: string, token?: string, method = 'GET') => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const { status, headers: fields, json } = await send(`${gateway.url}/orchestrator/${name}`, { method, headers })
    const { 'www-authenticate': challenge, 'retry-after': retryAfter } = fields
    const { code, detail } = status === 200 ? {} : json()
    return { status, code, detail, challenge, retryAfter }
  }
  for (const status of ['disabled', 'inactive']) {
    for (const method of ['GET', 'PUT'])
      for (const token of [undefined, 'nonsense', other])
        t.same(await ask(status, token, method), await ask('active', token, method), `${status} ${method} ${token}`)
    t.match(await ask(status), { status: 401, code: 'token_missing' })
    t.match(await ask(status, other), { status: 403 })
    t.match(await ask(status, admin), { status: 503, code: `endpoint_${status}`, retryAfter: '60' })
  }
  t.match(await ask('active', admin), { status: 200 })
  t.match(await ask('open'), { status: 503, code: 'endpoint_disabled', retryAfter: '60' })
  t.match(await ask('open', undefined, 'PUT'), { status: 503 }, 'at once')
})

t.test('requirements of the listener, and a chain without its terminal filter', async (t) => {
  const call: TerminalFilter = { call: () => reply(200, 'fine') }
  const compiled = new CompiledChain([{ name: 'end', filter: call, limitMs: undefined }], 0, true)
  const x = exchange()
  t.same(refusalBeforeUpstream(x, compiled, [AUTHENTICATION]), { unmet: AUTHENTICATION })
  x.satisfy(AUTHENTICATION)
  t.equal(refusalBeforeUpstream(x, compiled, [AUTHENTICATION]), undefined)
  const open = new CompiledChain([undefined], 0, true)
  t.match(refusalBeforeUpstream(x, open, [AUTHENTICATION]), {
    because: 'no terminal filter',
    reply: { status: 404, reason: 'no_route' },
  })
  x.set(RouteSlot, { endpoint: endpoint('off', { status: 'disabled' }), path: '/', template: '/off' })
  t.match(refusalBeforeUpstream(x, open, []), { because: 'out of service', reply: { status: 503 } })
})
