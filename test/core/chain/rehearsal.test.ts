import t, { type Test } from 'tap'
import { AUTHENTICATION, RouteSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import type { Filter } from '../../../core/api/filter.ts'
import { defineFilter, type FilterFactory } from '../../../core/api/filter-factory.ts'
import { reply } from '../../../core/api/reply.ts'
import { notesOf, type Rehearsal, rehearse } from '../../../core/chain/rehearsal.ts'
import { FILTERS } from '../../../core/main/built-in.ts'
import { exchange, specOf, startGateway, type TestRequest } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const factory = (name: string, filter: Filter, rest: Partial<FilterFactory> = {}): FilterFactory =>
  defineFilter({ name, apiVersion: 1, create: () => filter, ...rest })

const OPEN = { name: 'open', url: 'http://127.0.0.1:1' }
const CLOSED = { name: 'closed', url: 'http://127.0.0.1:1', requires: [AUTHENTICATION] }
const ENDPOINTS = [
  OPEN,
  { ...CLOSED, filters: { auth: { required: true } } },
  { name: 'off', url: 'http://127.0.0.1:1', status: 'disabled' as const },
  {
    name: 'few',
    url: 'http://127.0.0.1:1',
    filters: { 'method-check': { methods: ['GET'] }, breaker: 'off' as const },
  },
]
const SECRET = '0123456789abcdef0123456789abcdef'
const CHAIN = [
  'request-id',
  ['auth', { secret: SECRET }],
  'route-match',
  'method-check',
  'breaker',
  'proxy',
  'metrics',
] as const

async function gatewayOf(
  t: Test,
  chain: Parameters<typeof specOf>[1],
  filters: readonly FilterFactory[] = [],
  endpoints: Parameters<typeof specOf>[0] = [OPEN],
) {
  const spec = specOf(endpoints, chain)
  const gateway = await startGateway(spec, { filters })
  t.teardown(() => gateway.close())
  const all = [...FILTERS, ...filters]
  const factories = spec.listeners[0]!.chain.map((entry) => all.find(({ name }) => name === entry.factory))
  return {
    ...gateway,
    rehearse: (init: TestRequest) => rehearse(exchange(init), gateway.gateway.live!.chains.get('proxy')!, factories),
  }
}

/** `401 token_missing auth`, the target's URL, or what is not known. */
function ending({ end }: Rehearsal): string | undefined {
  if ('unknown' in end) return `? ${end.unknown}`
  return 'reply' in end ? `${end.reply.status} ${end.reply.reason} ${end.by}` : end.target?.url
}

t.test('it ends like the request in the gateway', async (t) => {
  const upstream = await startUpstream((_req, res) => void res.end('fine'))
  t.teardown(() => upstream.close())
  const endpoints = ENDPOINTS.map((endpoint) => ({ ...endpoint, url: upstream.url }))
  const { rehearse, url } = await gatewayOf(t, CHAIN, [], endpoints)
  const asked: [method: string, path: string, headers?: Record<string, string>][] = [
    ['GET', '/orchestrator/open/x'],
    ['GET', '/orchestrator/open'],
    ['GET', '/orchestrator/closed'],
    ['GET', '/orchestrator/closed', { authorization: 'Bearer a.b.c' }],
    ['GET', '/orchestrator/closed', { authorization: 'Bearer ?' }],
    ['GET', '/orchestrator/off'],
    ['GET', '/orchestrator/few'],
    ['POST', '/orchestrator/few'],
    ['OPTIONS', '/orchestrator/few'],
    ['GET', '/orchestrator/open/..%2fx'],
    ['GET', '/elsewhere'],
  ]
  for (const [method, path, headers = {}] of asked) {
    const rehearsed = ending(await rehearse({ method, path, headers }))
    const answer = await send(`${url}${path}`, { method, headers })
    const code = answer.status >= 400 ? answer.json().code : answer.status === 204 ? 'options' : ''
    t.match(
      rehearsed,
      code === '' ? upstream.url : `${answer.status} ${code} `,
      `${method} ${path} ${headers.authorization}`,
    )
  }
})

t.test('hooks run in the order of a real run, and nothing after the call', async (t) => {
  const hooks: string[] = []
  const noter = (name: string): FilterFactory => {
    const note = (hook: string) => () => void hooks.push(`${name}.${hook}`)
    const filter: Filter = {
      request: note('request'),
      routed: note('routed'),
      admit: note('admit'),
      settled: note('settled'),
      response: note('response'),
      log: note('log'),
    }
    return factory(name, filter, { offline: true })
  }
  const { rehearse } = await gatewayOf(t, ['a', 'route-match', 'b', 'proxy', 'metrics'], [noter('a'), noter('b')])
  const { turns, entered, route } = await rehearse({ path: '/orchestrator/open' })
  t.strictSame(hooks, ['a.request', 'a.routed', 'b.request', 'b.routed'])
  t.equal(route?.endpoint.id, 'open')
  t.ok(entered(4))
  t.strictSame(
    turns.filter(({ verdict }) => verdict === 'not run').map(({ index, hook }) => [index, hook]),
    [
      [0, 'admit'],
      [2, 'admit'],
      [3, 'admit'],
      [3, 'call'],
    ],
  )
})

t.test('a reply ends it at the same filter', async (t) => {
  const { rehearse } = await gatewayOf(t, CHAIN, [], ENDPOINTS)
  const refused = await rehearse({ path: '/orchestrator/closed' })
  t.equal(ending(refused), '401 token_missing auth')
  t.strictSame([2, 3].map(refused.entered), [true, false])
  const lost = await rehearse({ path: '/nowhere' })
  t.equal(lost.route, undefined)
  t.strictSame([2, 3].map(lost.entered), [true, false])
})

t.test('filters that are off are not in the compiled chain', async (t) => {
  const { rehearse } = await gatewayOf(t, CHAIN, [], ENDPOINTS)
  const { compiled } = await rehearse({ path: '/orchestrator/few' })
  t.equal(compiled.steps[4], undefined)
})

t.test('hooks of filters that are not offline do not run; what depends on them is unknown', async (t) => {
  const never = (): never => t.fail('it ran') as never
  const router = factory('router', { request: never }, { writes: [RouteSlot] })
  const routed = await gatewayOf(t, ['router', 'proxy'], [router])
  t.equal(ending(await routed.rehearse({})), '? which endpoint "router" routes it to')

  const guard = factory('guard', { routed: never, upstream: never }, { enforces: [AUTHENTICATION] })
  const guarded = await gatewayOf(t, ['route-match', 'guard', 'proxy'], [guard], [OPEN, CLOSED])
  t.equal(
    ending(await guarded.rehearse({ path: '/orchestrator/closed' })),
    '? whether "guard" satisfies "authentication"',
  )
  const open = await guarded.rehearse({ path: '/orchestrator/open' })
  t.equal(ending(open), 'http://127.0.0.1:1')
  t.strictSame(
    open.turns.filter(({ index }) => index === 1).map(({ hook, verdict }) => `${hook} ${verdict}`),
    ['routed not run', 'upstream not run'],
  )

  // Others that do not run decide neither.
  const other = factory('other', { request: never, routed: never }, { enforces: ['something else'] })
  const plain = factory('plain', { request: never, routed: never })
  const several = await gatewayOf(t, ['router', 'other', 'plain', 'proxy'], [other, plain, router])
  t.equal(ending(await several.rehearse({})), '? which endpoint "router" routes it to')
  const among = await gatewayOf(t, ['route-match', 'guard', 'other', 'plain', 'proxy'], [other, plain, guard], [CLOSED])
  t.equal(
    ending(await among.rehearse({ path: '/orchestrator/closed' })),
    '? whether "guard" satisfies "authentication"',
  )

  const picky = factory('picky', { pick: never, call: never } as Filter, { terminal: true, perEndpoint: true })
  const picked = await gatewayOf(t, ['route-match', 'picky'], [picky])
  t.equal(ending(await picked.rehearse({ path: '/orchestrator/open' })), undefined)
})

t.test('replies of the engine', async (t) => {
  const lax = factory('lax', { routed: () => {} }, { offline: true, enforces: [AUTHENTICATION] })
  const chain = ['lax', 'route-match', 'proxy'] as const
  const unmet = await gatewayOf(t, chain, [lax], [CLOSED])
  t.equal(ending(await unmet.rehearse({ path: '/orchestrator/closed' })), '500 requirement_unmet engine')

  const idle = factory('idle', {}, { writes: [RouteSlot] })
  const unrouted = await gatewayOf(t, ['idle', 'proxy'], [idle])
  t.equal(ending(await unrouted.rehearse({})), '404 no_route engine')

  const throws = (error: Error): FilterFactory =>
    factory('throws', { request: () => Promise.reject(error) }, { offline: true })
  const broken = await gatewayOf(t, ['throws', 'route-match', 'proxy'], [throws(new Error('no'))])
  t.equal(ending(await broken.rehearse({})), '500 filter_error throws')
  const known = await gatewayOf(
    t,
    ['throws', 'route-match', 'proxy'],
    [throws(new WeirError('request_body_too_large'))],
  )
  t.equal(ending(await known.rehearse({})), '413 request_body_too_large throws')

  const lost = factory(
    'lost',
    {
      request: (x) => x.set(RouteSlot, { endpoint: { ...x.endpoint, id: 'none' } as never, path: '', template: '/' }),
    },
    { offline: true, writes: [RouteSlot] },
  )
  const nowhere = await gatewayOf(t, ['lost', 'proxy'], [lost])
  t.equal(ending(await nowhere.rehearse({})), '500 filter_error lost')

  const picky = factory(
    'picky',
    { pick: () => reply(503, 'no_target'), call: () => t.fail('called') } as unknown as Filter,
    { terminal: true, offline: true },
  )
  const empty = await gatewayOf(t, ['route-match', 'picky'], [picky])
  t.equal(ending(await empty.rehearse({ path: '/orchestrator/open' })), '503 no_target picky')
})

t.test('what a hook may not return ends it as in the gateway', async (t) => {
  for (const hook of ['request', 'routed'] as const)
    for (const value of ['text', null, Promise.resolve(1)]) {
      const bad = factory('bad', { [hook]: () => value as never }, { offline: true })
      const { rehearse } = await gatewayOf(t, ['bad', 'route-match', 'proxy'], [bad])
      const { end } = await rehearse({ path: '/orchestrator/open' })
      t.match(end, {
        by: 'bad',
        reply: {
          status: 500,
          reason: 'filter_error',
          options: { detail: `The filter "bad" failed in its ${hook} hook.` },
        },
      })
    }
  const waiting = factory('waiting', { pick: async () => {}, call: () => t.fail('called') } as unknown as Filter, {
    terminal: true,
    offline: true,
  })
  const picked = await gatewayOf(t, ['route-match', 'waiting'], [waiting])
  t.equal(ending(await picked.rehearse({ path: '/orchestrator/open' })), '500 filter_error waiting')
})

t.test('lines of explain', async (t) => {
  const x = exchange()
  t.strictSame(notesOf({}, x), [])
  t.strictSame(notesOf({ explain: () => ['a', 'b'] }, x), ['a', 'b'])
  const broken = {
    explain: () => {
      throw new Error('oh')
    },
  }
  t.strictSame(notesOf(broken, x), ["it can't explain itself: oh"])
})
