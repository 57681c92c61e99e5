import t, { type Test } from 'tap'
import { AUTHENTICATION, RouteSlot } from '../../../core/api/endpoint.ts'
import type { FilterFactory } from '../../../core/api/filter-factory.ts'
import { startGateway } from '../../../core/testing.ts'
import { endpoint, parse } from '../../config/support.ts'

const plugin = (name: string, rest: Partial<FilterFactory> = {}): FilterFactory => ({
  name,
  apiVersion: 1,
  create: () => ({}),
  ...rest,
})

/** The warnings of a document with one endpoint, with their places. */
async function warnings(t: Test, text: string, filters: readonly FilterFactory[] = []): Promise<string[]> {
  const config = parse(`listen: 127.0.0.1:0\nadmin: off\n${text}`)
  const gateway = await startGateway(config.spec, { filters })
  t.teardown(() => gateway.close())
  const found = (): string[] =>
    gateway.gateway
      .live!.warnings.map((problem) => config.document.format(problem).replace(/^weir\.yaml:/, ''))
      .filter((text) => text.includes('stands after'))
  const first = found()
  await gateway.gateway.load(config.spec)
  t.strictSame(found(), first, 'a reload that changes nothing says the same')
  return first
}

const chain = (...entries: string[]): string => endpoint('', `filters: [${entries.join(', ')}]\n`)

t.test('what the filters that Weir brings advise', async (t) => {
  const others = [plugin('rate-limit')]
  const refused = 'have no request id, neither in the response nor in the log'
  t.strictSame(await warnings(t, chain('auth', 'rate-limit', 'request-id', 'route-match', 'proxy'), others), [
    '7:17 filters[1]: "rate-limit" stands after "auth": requests that auth refuses are not counted, so tokens can be guessed without limit; move "rate-limit" before "auth"',
    `7:29 filters[2]: "request-id" stands after "auth": requests that auth refuses ${refused}; move "request-id" before "auth"`,
  ])
  t.strictSame(await warnings(t, chain('rate-limit', 'request-id', 'auth', 'route-match', 'proxy'), others), [])
  const cors = 'cors: { origins: [http://a] }'
  t.strictSame(await warnings(t, chain('auth', 'route-match', 'method-check', cors, 'proxy')), [
    '7:44 filters[3].cors: "cors" stands after "auth": browsers send preflights without credentials, and auth refuses them; move "cors" before "auth"',
    '7:44 filters[3].cors: "cors" stands after "method-check": a preflight is an OPTIONS request, and method-check replies to it; move "cors" before "method-check"',
    '7:44 filters[3].cors: "cors" stands after "route-match": pages of other origins could not read what route-match replies, such as 404; move "cors" before "route-match"',
  ])
  const oidc = plugin('oidc', { enforces: [AUTHENTICATION] })
  t.match(await warnings(t, chain('oidc', cors, 'route-match', 'proxy'), [oidc]), [/"cors" stands after "oidc"/])
  t.strictSame(await warnings(t, chain(cors, 'auth', 'route-match', 'method-check', 'proxy')), [])
  t.strictSame(await warnings(t, chain('route-match', 'request-id', 'proxy')), [
    `7:24 filters[1]: "request-id" stands after "route-match": requests that route-match refuses ${refused}; move "request-id" before "route-match"`,
  ])
  t.strictSame(await warnings(t, chain('request-id', 'route-match', 'proxy')), [])
  t.strictSame(await warnings(t, chain('route-match', 'concurrency-limit', 'retry', 'proxy')), [
    '7:43 filters[2]: "retry" stands after "concurrency-limit": a request keeps its slot while it waits for a retry; move "retry" before "concurrency-limit"',
  ])
  t.strictSame(await warnings(t, chain('route-match', 'retry', 'concurrency-limit', 'proxy')), [])
})

t.test('an order counts where both filters are on', async (t) => {
  const both = [plugin('rate-limit')]
  const parked = 'filters: [auth: off, rate-limit, route-match, proxy]\n'
  t.strictSame(await warnings(t, endpoint('', parked), both), [])
  t.match(await warnings(t, endpoint('roles: [a]', parked), both), [/^7:22 .*"rate-limit" stands after "auth"/])
  t.strictSame(await warnings(t, endpoint('roles: [a]\nfilters: { rate-limit: off }', parked), both), [])
})

t.test('a warning is given once, whatever the number of endpoints', async (t) => {
  const more = ['b', 'c'].map((name) => `  - { name: ${name}, url: "http://upstream", roles: [a] }\n`).join('')
  const text = endpoint('roles: [a]', `${more}filters: [auth: off, rate-limit, route-match, proxy]\n`)
  t.equal((await warnings(t, text, [plugin('rate-limit')])).length, 1)
})

t.test('a plugin advises what it stands before, or after', async (t) => {
  const early = plugin('early', {
    advises: [
      { before: { enforces: AUTHENTICATION }, why: '{other} refuses much' },
      { before: { writes: RouteSlot }, why: '{other} too' },
    ],
  })
  const late = plugin('late', { advises: [{ after: { filter: 'marker' }, why: 'it reads what {other} sets' }] })
  const oidc = plugin('oidc', { enforces: [AUTHENTICATION] })
  const all = [early, late, oidc, plugin('marker')]
  const named = '{ filter: marker, name: stamp }'
  t.strictSame(await warnings(t, chain('late', named, 'oidc', 'early', 'route-match', 'proxy'), all), [
    '7:17 filters[1]: "stamp" stands after "late": it reads what stamp sets; move "stamp" before "late"',
    '7:56 filters[3]: "early" stands after "oidc": oidc refuses much; move "early" before "oidc"',
  ])
  t.strictSame(await warnings(t, chain('early', 'oidc', 'route-match', named, 'late', 'proxy'), all), [])
})

t.test('of several filters of a kind the first one counts, and never one of the same factory', async (t) => {
  const early = plugin('early', {
    enforces: [AUTHENTICATION],
    advises: [{ before: { enforces: AUTHENTICATION }, why: '{other} refuses much' }],
  })
  const second = '{ filter: early, name: second }'
  t.strictSame(await warnings(t, chain('early', 'auth', second, 'route-match', 'proxy'), [early]), [])
  const third = '{ filter: auth, name: third }'
  const found = await warnings(t, chain('auth', third, 'early', second, 'route-match', 'proxy'), [early])
  t.match(found, [/"early" stands after "auth": auth refuses much/])
  t.equal(found.length, 1)
})

t.test('of endpoints with different filters, the place that is right for all is named', async (t) => {
  const early = plugin('early', { advises: [{ before: { enforces: AUTHENTICATION }, why: '{other} refuses much' }] })
  const filters = [early, plugin('oidc', { enforces: [AUTHENTICATION] }), plugin('key', { enforces: [AUTHENTICATION] })]
  const text = endpoint(
    'filters: { oidc: on }',
    '  - { name: b, url: "http://upstream", filters: { key: on } }\nfilters: [key: off, oidc: off, early, route-match, proxy]\n',
  )
  const found = await warnings(t, text, filters)
  t.match(found, [/move "early" before "key"$/])
  t.equal(found.length, 1)
})
