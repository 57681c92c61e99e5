import t from 'tap'
import { AUTHENTICATION } from '../../../core/api/endpoint.ts'
import type { FilterFactory } from '../../../core/api/filter-factory.ts'
import type { GatewaySpec } from '../../../core/control/gateway-spec.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as never

t.test('a load that fails at one of two listeners leaves the chain of the other as it is', async (t) => {
  const upstream = await startUpstream((_request, response) => void response.end('fine'))
  t.teardown(() => upstream.close())
  const disposed: string[] = []
  const marker: FilterFactory = {
    name: 'marker',
    apiVersion: 1,
    options: anything,
    create: ({ mark }: { mark: string }) => {
      if (mark === 'bad') throw new Error('no such mark')
      return {
        response: (x) => x.response.headers.set('X-Mark', mark),
        dispose: () => void disposed.push(mark),
      }
    },
  }
  const spec = (first: string, second: string): GatewaySpec => {
    const [one, two] = [first, second].map((mark) =>
      specOf([{ name: 'api', url: upstream.url }], [['marker', { mark }], 'route-match', 'proxy']),
    )
    return { ...one!, listeners: [...one!.listeners, { ...two!.listeners[0]!, name: 'second' }] }
  }
  const gw = await startGateway(spec('a', 'b'), { filters: [marker] })
  t.teardown(() => gw.close())
  const mark = async (): Promise<unknown> => (await send(`${gw.url}/orchestrator/api`)).headers['x-mark']
  const { chains } = gw.gateway.live!

  await t.rejects(gw.gateway.load(spec('a', 'bad')), /no such mark/)
  t.strictSame(disposed, [], 'the chain of the first is the live one: it may not be retired')
  t.equal(await mark(), 'a')
  await t.rejects(gw.gateway.load(spec('c', 'bad')), /no such mark/)
  t.strictSame(disposed, ['c'], 'what only the failed load made is disposed')
  t.equal(await mark(), 'a')
  await gw.gateway.load(spec('a', 'd'))
  t.equal(gw.gateway.live!.chains.get('proxy'), chains.get('proxy'), 'it can still be used again')
  t.strictSame(disposed, ['c', 'b'])
})

t.test('a reload that changes only what a listener requires', async (t) => {
  const upstream = await startUpstream((_request, response) => void response.end('fine'))
  t.teardown(() => upstream.close())
  const chain = [['auth', { secret: '0123456789abcdef0123456789abcdef' }], 'route-match', 'proxy'] as const
  const spec = (requires: readonly string[]): GatewaySpec => {
    const made = specOf([{ name: 'api', url: upstream.url }], chain)
    return { ...made, listeners: made.listeners.map((listener) => ({ ...listener, requires })) }
  }
  const gw = await startGateway(spec([]), {})
  t.teardown(() => gw.close())
  const status = async (): Promise<number> => (await send(`${gw.url}/orchestrator/api`)).status
  t.equal(await status(), 200)
  await gw.gateway.load(spec([AUTHENTICATION]))
  t.equal(await status(), 500, 'nobody satisfied it')
  await gw.gateway.load(spec([]))
  t.equal(await status(), 200)
})
