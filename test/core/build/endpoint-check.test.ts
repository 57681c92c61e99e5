import t from 'tap'
import * as z from 'zod'
import { AUTHENTICATION } from '../../../core/api/endpoint.ts'
import { defineFilter, type FilterFactory } from '../../../core/api/filter-factory.ts'
import { reply } from '../../../core/api/reply.ts'
import { defineSlot } from '../../../core/api/slot.ts'
import { ConfigError } from '../../../core/control/config-error.ts'
import type { GatewaySpec } from '../../../core/control/gateway-spec.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const url = 'http://127.0.0.1:9'
const api = { name: 'api', url }
const off = (factory: string, at = 0, rest = {}) => ({ factory, off: ['filters', at, factory], ...rest })
const slot = defineSlot<string>('greeting')
const terminal = (name: string): FilterFactory => ({
  name,
  apiVersion: 1,
  terminal: true,
  create: () => ({ call: () => reply(418, 'teapot') }),
})
const OWN: readonly FilterFactory[] = [
  terminal('teapot'),
  terminal('kettle'),
  defineFilter({ name: 'writer', apiVersion: 1, writes: [slot], create: () => ({}) }),
  defineFilter({ name: 'reader', apiVersion: 1, reads: [slot], create: () => ({}) }),
]

async function problemsOf(spec: GatewaySpec, filters = OWN): Promise<string[]> {
  try {
    await (await startGateway(spec, { filters })).close()
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

const withoutTarget = (spec: GatewaySpec): GatewaySpec => ({
  ...spec,
  endpoints: spec.endpoints.map((one) => ({ ...one, noTarget: true, endpoint: { ...one.endpoint, targets: [] } })),
})

t.test('each chain of an endpoint has exactly one terminal filter', async (t) => {
  const both = ['route-match', off('teapot', 1), off('kettle', 2), 'proxy']
  t.strictSame(await problemsOf(specOf([api, { ...api, name: 'tea', filters: { teapot: {} } }], both)), [])
  t.strictSame(await problemsOf(specOf([{ ...api, filters: { teapot: {}, kettle: {} } }], both)), [
    'endpoints.0.filters.kettle: "kettle" is a second terminal filter beside "teapot", which is turned on here too; leave one off',
  ])
  t.strictSame(await problemsOf(specOf([{ ...api, filters: { proxy: 'off' } }], both)), [
    `endpoints.0.filters.proxy: "proxy" is the terminal filter and can't be off alone; turn on "teapot" or "kettle" here`,
  ])
  t.strictSame(await problemsOf(specOf([{ ...api, filters: { proxy: 'off', kettle: {} } }], both)), [])
  const none = ['route-match', off('teapot', 1)]
  t.strictSame(
    await problemsOf(
      specOf(
        [
          { ...api, filters: { teapot: {} } },
          { ...api, name: 'b' },
        ],
        none,
      ),
    ),
    ['endpoints.1: the endpoint "b" has no terminal filter; turn on "teapot" here'],
  )
})

t.test('an endpoint without a target needs a terminal filter of its own', async (t) => {
  const chain = ['route-match', off('teapot', 1), off('breaker', 2), 'proxy']
  t.strictSame(await problemsOf(withoutTarget(specOf([{ ...api, filters: { teapot: {} } }], chain))), [])
  t.strictSame(await problemsOf(withoutTarget(specOf([{ ...api, filters: { breaker: {} } }], chain))), [
    'endpoints.0: "url" is missing',
  ])
})

t.test('the filter that writes the route is not off', async (t) => {
  t.match(await problemsOf(specOf([api], [off('route-match'), 'proxy'])), [
    /^filters\.0\.route-match: "route-match" writes the route and can't be off$/,
    /^filters\.1: "proxy" reads the slot "route", .*turn "route-match" on$/,
  ])
})

t.test('slots are checked as each endpoint has them', async (t) => {
  const chain = ['route-match', off('writer', 1), off('reader', 2), 'proxy']
  const own = (...names: string[]) =>
    problemsOf(specOf([{ ...api, filters: Object.fromEntries(names.map((name) => [name, {}])) }], chain))
  t.strictSame(await own(), [])
  t.strictSame(await own('writer'), [])
  t.strictSame(await own('writer', 'reader'), [])
  t.strictSame(await own('reader'), [
    'endpoints.0.filters.reader: "reader" reads the slot "greeting": turn "writer" on here too, which writes it',
  ])
  const late = ['route-match', off('reader', 1), 'writer', 'proxy']
  t.strictSame(await problemsOf(specOf([{ ...api, filters: { reader: {} } }], late)), [
    'endpoints.0.filters.reader: "reader" reads the slot "greeting", which no filter before it writes',
  ])
  const before = [off('method-check'), 'route-match', 'proxy']
  t.strictSame(await problemsOf(specOf([{ ...api, filters: { 'method-check': {} } }], before)), [], 'it runs late')
})

t.test('requirements are checked as each endpoint has its filters', async (t) => {
  const secret = '0123456789abcdef0123456789abcdef'
  const chain = [off('auth', 0, { options: { secret } }), 'route-match', 'proxy']
  const closed = { ...api, requires: [AUTHENTICATION] }
  t.match(await problemsOf(specOf([closed], chain)), [
    /^endpoints\.0: .*requires authentication, .*; turn "auth" on, which is off in the chain$/,
  ])
  t.strictSame(await problemsOf(specOf([{ ...closed, filters: { auth: {} } }], chain)), [])
  const spec = specOf([{ ...api, filters: { auth: 'off' } }], [['auth', { secret }], 'route-match', 'proxy'])
  const listener = { ...spec.listeners[0]!, requires: [AUTHENTICATION] }
  t.match(await problemsOf({ ...spec, listeners: [listener] }), [/^endpoints\.0: .*requires authentication/])
})

t.test('a filter is behind the terminal one of an endpoint', async (t) => {
  const chain = [off('teapot'), 'route-match', 'request-id', 'proxy']
  t.match(await problemsOf(specOf([{ ...api, filters: { teapot: {} } }], chain)), [
    /^filters\.2: "request-id" stands after the terminal filter "teapot" of the endpoint "api", where its request would never run/,
  ])
})

t.test('options of what is off: what is given is checked, what is missing may come from endpoints', async (t) => {
  const strict = defineFilter({
    name: 'strict',
    apiVersion: 1,
    options: z.strictObject({ need: z.string(), more: z.number().optional() }),
    create: () => ({}),
  })
  const problems = async (options: object, own?: object): Promise<string[]> => {
    const filters = own === undefined ? {} : { strict: own as Record<string, unknown> }
    const spec = specOf([{ ...api, filters }], ['route-match', off('strict', 1, { options }), 'proxy'])
    return problemsOf(spec, [strict])
  }
  t.strictSame(await problems({}), [])
  t.match(await problems({ more: 'x' }), [/^filters\.1\.more: /])
  t.strictSame(await problems({}, { need: 'this' }), [])
  t.match(await problems({}, {}), [/^endpoints\.0\.filters\.strict.*need/])
})

t.test('what a filter sets is cleaned before the first filter, even if it is on at one endpoint alone', async (t) => {
  const upstream = await startUpstream((request, response) => response.end(String(request.headers['x-tenant'])))
  const tenant = defineFilter({
    name: 'tenant',
    apiVersion: 1,
    sets: () => [{ name: 'X-Tenant' }],
    create: () => ({ request: (x) => x.request.headers.set('X-Tenant', 'ours') }),
  })
  const endpoints = [
    { name: 'plain', url: upstream.url },
    { name: 'own', url: upstream.url, filters: { tenant: {} } },
  ]
  const gateway = await startGateway(specOf(endpoints, [off('tenant'), 'route-match', 'proxy']), { filters: [tenant] })
  t.teardown(async () => {
    await gateway.close()
    await upstream.close()
  })
  const seen = async (name: string) =>
    (await send(`${gateway.url}/orchestrator/${name}`, { headers: { 'X-Tenant': 'theirs' } })).body
  t.equal(await seen('plain'), 'undefined')
  t.equal(await seen('own'), 'ours')
})
