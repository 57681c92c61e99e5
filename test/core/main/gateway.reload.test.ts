import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import type { FilterFactory } from '../../../core/api/filter-factory.ts'
import { ConfigError } from '../../../core/control/config-error.ts'
import type { GatewaySpec } from '../../../core/control/gateway-spec.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as never

/** A filter that marks responses with its option and counts its instances. */
function marker(): { factory: FilterFactory; made: number; disposed: string[] } {
  const seen = { made: 0, disposed: [] as string[], factory: undefined as unknown as FilterFactory }
  seen.factory = {
    name: 'marker',
    apiVersion: 1,
    options: anything,
    create: ({ mark }: { mark: string }, env) => {
      seen.made++
      const count = env.share('count', { scope: 'instance', version: 1, make: () => ({ value: 0 }) })
      return {
        response: (x) => x.response.headers.set('X-Mark', `${mark} ${++count.value}`),
        dispose: () => void seen.disposed.push(mark),
      }
    },
  }
  return seen
}

async function setUp(t: Test) {
  const held = Promise.withResolvers<ServerResponse>()
  const upstream = await startUpstream((req, res) => {
    if (req.url === '/slow') held.resolve(res)
    else res.writeHead(req.url === '/fail' ? 503 : 200).end('ok')
  })
  const seen = marker()
  const spec = (mark: string, more: Parameters<typeof specOf>[0] = []): GatewaySpec =>
    specOf(
      [{ name: 'api', url: upstream.url }, ...more],
      [['marker', { mark }], 'route-match', ['breaker', { failure_threshold: 1 }], 'proxy'],
    )
  const gw = await startGateway(spec('one'), { filters: [seen.factory] })
  t.teardown(async () => {
    await gw.close()
    await upstream.close()
  })
  return { gw, seen, spec, held: held.promise, url: `${gw.url}/orchestrator/api` }
}

t.test('a request finishes on the chain that it leased; the old instance is disposed once, after it', async (t) => {
  const { gw, seen, spec, held, url } = await setUp(t)
  const slow = send(`${url}/slow`)
  const response = await held
  await gw.gateway.load(spec('two'))
  t.match((await send(url)).headers['x-mark'], /^two/)
  t.strictSame(seen.disposed, [], 'still leased')
  response.end('late')
  t.match((await slow).headers['x-mark'], /^one/)
  await gw.logged(2)
  await new Promise(setImmediate)
  t.strictSame(seen.disposed, ['one'])
})

t.test('what did not change keeps its instance; what did change keeps its shared data', async (t) => {
  const { gw, seen, spec, url } = await setUp(t)
  t.equal((await send(url)).headers['x-mark'], 'one 1')
  await gw.gateway.load(spec('one', [{ name: 'more', url: 'http://127.0.0.1:9' }]))
  t.equal(seen.made, 1)
  t.equal((await send(url)).headers['x-mark'], 'one 2')
  await gw.gateway.load(spec('two'))
  t.equal(seen.made, 2)
  t.equal((await send(url)).headers['x-mark'], 'two 3')
})

t.test('an equal configuration keeps the chain', async (t) => {
  const { gw, spec } = await setUp(t)
  const before = gw.gateway.live!.chains.get('proxy')
  await gw.gateway.load(spec('one'))
  t.equal(gw.gateway.live!.chains.get('proxy'), before)
})

t.test('an open breaker survives a reload of something else', async (t) => {
  const { gw, spec, url } = await setUp(t)
  t.equal((await send(`${url}/fail`)).status, 503)
  t.match((await send(url)).json(), { code: 'breaker_open' })
  await gw.gateway.load(spec('two', [{ name: 'more', url: 'http://127.0.0.1:9' }]))
  t.match((await send(url)).json(), { code: 'breaker_open' })
})

t.test('a load that fails changes nothing', async (t) => {
  const { gw, seen, spec, url } = await setUp(t)
  const shared = gw.gateway.shared.size
  const live = gw.gateway.live
  const broken = specOf(
    [{ name: 'api', url: 'http://127.0.0.1:9' }],
    [['marker', { mark: 'x' }], 'route-match', ['breaker', { failure_threshold: 0 }], 'proxy'],
  )
  await t.rejects(gw.gateway.load(broken), ConfigError)
  t.equal(gw.gateway.live, live)
  t.equal(gw.gateway.shared.size, shared)
  t.match((await send(url)).headers['x-mark'], /^one/)
  await gw.gateway.load(spec('two'))
  t.ok(seen.made >= 2)
})

t.test('the address of a listener needs a restart', async (t) => {
  const { gw, spec, url } = await setUp(t)
  const next = spec('two')
  const moved = { ...next, listeners: next.listeners.map((listener) => ({ ...listener, port: 1 })) }
  await t.rejects(gw.gateway.load(moved), /only change with a restart/)
  t.match((await send(url)).headers['x-mark'], /^one/)
})
