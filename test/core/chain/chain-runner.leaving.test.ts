// What must not happen any more: after the client left, after a response was replaced, at an endpoint that takes no traffic.
import { request, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import {
  Body,
  defineFilter,
  EndpointsKey,
  type Filter,
  type FilterFactory,
  RouteSlot,
  reply,
} from '../../../core/index.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const named = (name: string, filter: Filter): FilterFactory =>
  defineFilter({ name, apiVersion: 1, create: () => filter })

async function gatewayWith(t: Test, filters: readonly FilterFactory[], listener?: (response: ServerResponse) => void) {
  let calls = 0
  const upstream = await startUpstream((_request, response) => {
    calls++
    if (listener === undefined) response.end('fine')
    else listener(response)
  })
  const chain = [['route-match', { prefix: '' }] as const, ...filters.map(({ name }) => name), 'proxy']
  const gateway = await startGateway(specOf([{ name: 'api', url: upstream.url }], chain), { filters })
  t.teardown(async () => {
    await gateway.close()
    await upstream.close()
  })
  return Object.assign(gateway, { api: `${gateway.url}/api`, calls: () => calls })
}

for (const hook of ['request', 'routed', 'upstream'] as const)
  t.test(`a ${hook} hook that resolves after the client left makes no upstream call`, async (t) => {
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const after: string[] = []
    const slow = async (): Promise<undefined> => {
      reached.resolve()
      await gate.promise
    }
    const upstream: Filter['upstream'] = async (_x, call, next) => {
      await slow()
      return next(call)
    }
    const gateway = await gatewayWith(t, [
      named('slow', hook === 'upstream' ? { upstream } : { [hook]: slow }),
      named('next', {
        routed: () => void after.push('routed'),
        admit: () => void after.push('admit'),
        log: () => void after.push('log'),
      }),
    ])
    const client = request(gateway.api)
    client.on('error', () => {})
    client.end()
    await reached.promise
    client.destroy()
    await gateway.logged(1)
    gate.resolve()
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    t.equal((await send(`${gateway.url}/nowhere`)).status, 404, 'a round trip later')
    t.equal(gateway.calls(), 0)
    const allowed = hook === 'upstream' ? ['routed', 'log', 'log'] : ['log', 'log']
    t.strictSame(after, allowed, 'no later hook runs but log')
    t.match(gateway.finished[0], { outcome: 'aborted' })
    t.strictSame(
      gateway.logs.filter(({ level }) => level === 'error'),
      [],
      'nor is a filter blamed',
    )
  })

for (const [how, replace] of Object.entries({
  'by a reply': () => reply(418, 'teapot'),
  'by a later reply': async () => reply(418, 'teapot'),
  'by another body': (x) => {
    x.response.body = Body.of('short')
  },
} satisfies Record<string, Filter['response']>))
  t.test(`a response that is replaced ${how} is dropped, and its upstream cancelled`, async (t) => {
    const closed = Promise.withResolvers<void>()
    // Its hook runs after the one that replaces, and before the exchange ends: that would cancel the upstream in any case.
    const outer = named('outer', { response: () => closed.promise })
    const gateway = await gatewayWith(t, [outer, named('replacing', { response: replace })], (response) => {
      response.once('close', () => closed.resolve())
      response.write('the first part of something that never ends')
    })
    const { body } = await send(gateway.api)
    t.match(body, how === 'by another body' ? /^short$/ : /teapot/)
  })

t.test('an endpoint that takes no traffic is not called, whoever routes there', async (t) => {
  const upstream = await startUpstream((_request, response) => {
    calls++
    response.end('fine')
  })
  t.teardown(() => upstream.close())
  let calls = 0
  const router = defineFilter({
    name: 'router',
    apiVersion: 1,
    writes: [RouteSlot],
    needs: [EndpointsKey],
    create: (_options, env) => ({
      request: (x) => {
        const [, name] = x.request.path.split('/')
        const endpoint = env.service(EndpointsKey).find((one) => one.name === name)
        if (endpoint !== undefined) x.set(RouteSlot, { endpoint, path: '/', template: '/' })
      },
    }),
  })
  const { url } = upstream
  const endpoints = [
    { name: 'on', url },
    { name: 'off', url, status: 'disabled' },
    { name: 'resting', url, status: 'inactive' },
  ] as const
  const gateway = await startGateway(specOf(endpoints, ['router', 'proxy']), { filters: [router] })
  t.teardown(() => gateway.close())
  t.equal((await send(`${gateway.url}/on`)).status, 200)
  for (const [name, code] of [
    ['off', 'endpoint_disabled'],
    ['resting', 'endpoint_inactive'],
  ]) {
    const refused = await send(`${gateway.url}/${name}`)
    t.equal(refused.status, 503)
    t.match(refused.json(), { code })
    t.ok(Number(refused.headers['retry-after']) > 0)
  }
  t.equal(calls, 1)
})
