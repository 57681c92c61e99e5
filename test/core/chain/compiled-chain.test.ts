import t, { type Test } from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import type { Filter } from '../../../core/api/filter.ts'
import type { FilterFactory } from '../../../core/api/filter-factory.ts'
import { reply } from '../../../core/api/reply.ts'
import { specOf, startGateway, type TestGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

type Own = Parameters<typeof specOf>[0][number]['filters']
const OFF = ['filters', 'off']
const off = (factory: string) => ({ factory, off: OFF })

/** Notes each hook as `name.hook`, with the number of the instance after the first. */
function noter(name: string, notes: string[], more: Filter = {}, rest: Partial<FilterFactory> = {}): FilterFactory {
  let made = 0
  return {
    name,
    apiVersion: 1,
    options: { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as never,
    create: () => {
      const own = ++made === 1 ? name : `${name}${made}`
      const note = (hook: string): void => void notes.push(`${own}.${hook}`)
      return {
        request: (x) => {
          note('request')
          return more.request?.(x)
        },
        routed: (x) => {
          note('routed')
          return more.routed?.(x)
        },
        upstream: (_x, call, next) => {
          note('upstream')
          return next(call)
        },
        admit: () => note('admit'),
        response: () => note('response'),
        log: () => note('log'),
      }
    },
    ...rest,
  }
}

async function run(
  t: Test,
  filters: readonly FilterFactory[],
  chain: Parameters<typeof specOf>[1],
  own: Record<string, Own>,
): Promise<TestGateway & { ask(name: string): ReturnType<typeof send> }> {
  const upstream = await startUpstream((_req, res) => void res.end('fine'))
  const endpoints = Object.entries(own).map(([name, filters]) => ({ name, url: upstream.url, filters: filters ?? {} }))
  const gateway = await startGateway(specOf(endpoints, chain), { filters })
  t.teardown(async () => {
    await gateway.close()
    await upstream.close()
  })
  return Object.assign(gateway, { ask: (name: string) => send(`${gateway.url}/orchestrator/${name}`) })
}

t.test(
  'a filter that is on at an endpoint alone runs when the route is known, in the order of the chain',
  async (t) => {
    const notes: string[] = []
    const filters = ['a', 'b', 'c', 'd'].map((name) => noter(name, notes))
    const chain = [off('a'), 'b', off('c'), 'route-match', 'd', 'proxy']
    const gateway = await run(t, filters, chain, { plain: undefined, own: { c: {}, a: {} } })
    t.equal((await gateway.ask('plain')).body, 'fine')
    await gateway.logged(1)
    const of = (hook: string, ...names: string[]): string[] => names.map((name) => `${name}.${hook}`)
    t.strictSame(notes.splice(0), [
      'b.request',
      'b.routed',
      'd.request',
      'd.routed',
      ...of('upstream', 'b', 'd'),
      ...of('admit', 'b', 'd'),
      ...of('response', 'd', 'b'),
      ...of('log', 'b', 'd'),
    ])
    t.equal((await gateway.ask('own')).body, 'fine')
    await gateway.logged(2)
    t.strictSame(notes, [
      'b.request',
      'a.request',
      'a.routed',
      'b.routed',
      'c.request',
      'c.routed',
      'd.request',
      'd.routed',
      ...of('upstream', 'a', 'b', 'c', 'd'),
      ...of('admit', 'a', 'b', 'c', 'd'),
      ...of('response', 'd', 'c', 'b', 'a'),
      ...of('log', 'a', 'b', 'c', 'd'),
    ])
  },
)

t.test('a reply passes back through the filters that were entered, and no other', async (t) => {
  const notes: string[] = []
  const replies = (hook: 'request' | 'routed'): Filter => ({ [hook]: () => reply(418, 'teapot') })
  for (const [who, more, entered] of [
    ['a', replies('request'), 'd a'],
    ['c', replies('request'), 'd c b a'],
    ['b', replies('routed'), 'd b a'],
    ['d', replies('routed'), 'd c b a'],
    ['e', replies('request'), 'e d c b a'],
  ] as const) {
    const chain = [off('a'), off('b'), off('c'), 'd', 'route-match', 'e', 'proxy']
    const filters = ['a', 'b', 'c', 'd', 'e'].map((name) => noter(name, notes, name === who ? more : {}))
    const gateway = await run(t, filters, chain, { own: { a: {}, b: {}, c: {} } })
    t.equal((await gateway.ask('own')).status, 418)
    await gateway.logged(1)
    const responses = notes.splice(0).filter((note) => note.endsWith('.response'))
    t.strictSame(responses.map((note) => note[0]).join(' '), entered, `${who} replies`)
  }
})

t.test('a filter whose request has run finishes on its instance where the endpoint leaves it off', async (t) => {
  const notes: string[] = []
  const silent = noter('silent', notes)
  silent.create = () => ({
    response: () => void notes.push('silent.response'),
    log: () => void notes.push('silent.log'),
  })
  const chain = ['a', 'silent', 'route-match', 'b', 'proxy']
  const gateway = await run(t, [noter('a', notes), silent, noter('b', notes)], chain, {
    leaves: { a: 'off', silent: 'off', b: 'off' },
    refines: { a: { x: 1 }, silent: 'off', b: 'off' },
  })
  await gateway.ask('leaves')
  await gateway.logged(1)
  t.strictSame(notes.splice(0), ['a.request', 'a.response', 'a.log'], 'what did not run does not finish')
  await gateway.ask('refines')
  await gateway.logged(2)
  t.strictSame(
    notes,
    ['a.request', 'a2.routed', 'a2.upstream', 'a2.admit', 'a2.response', 'a2.log'],
    "with options of its own, the endpoint's instance finishes",
  )
})

t.test('a filter with an instance per endpoint runs its request when the route is known', async (t) => {
  const notes: string[] = []
  const own = noter('own', notes, {}, { perEndpoint: true })
  const gateway = await run(t, [own], ['own', 'route-match', 'proxy'], { api: undefined })
  await gateway.ask('api')
  t.strictSame(notes.slice(0, 2), ['own.request', 'own.routed'])
})

t.test('two filters that can write the route: what ran depends on which did', async (t) => {
  const notes: string[] = []
  const router = (name: string, path: string): FilterFactory => ({
    name,
    apiVersion: 1,
    writes: [RouteSlot],
    create: () => ({
      request: (x) => {
        if (x.request.path !== path) return
        const { endpoint } = gateway.gateway.live!.spec.endpoints[0]!
        x.set(RouteSlot, { endpoint, path: '', template: path })
      },
    }),
  })
  const filters = [router('first', '/first'), noter('a', notes), router('second', '/second')]
  const gateway = await run(t, filters, ['first', 'a', 'second', 'proxy'], { api: { a: 'off' } })
  const ask = async (path: string): Promise<unknown> => (await send(`${gateway.url}${path}`)).body
  t.equal(await ask('/first'), 'fine')
  await gateway.logged(1)
  t.strictSame(notes, [], 'it was not entered')
  t.equal(await ask('/second'), 'fine')
  await gateway.logged(2)
  t.strictSame(notes, ['a.request', 'a.response', 'a.log'])
})

t.test('a terminal filter that an endpoint turns on takes the place of that of the chain', async (t) => {
  const teapot: FilterFactory = {
    name: 'teapot',
    apiVersion: 1,
    terminal: true,
    create: () => ({ call: () => reply(418, 'teapot') }) as Filter,
  }
  for (const chain of [
    ['route-match', off('teapot'), 'proxy', 'metrics'],
    ['route-match', 'proxy', off('teapot'), 'metrics'],
    ['route-match', off('proxy'), off('teapot')],
  ]) {
    const gateway = await run(t, [teapot], chain, { tea: { teapot: {} }, api: { proxy: {} } })
    t.equal((await gateway.ask('tea')).status, 418)
    t.equal((await gateway.ask('api')).body, 'fine')
    t.equal((await send(`${gateway.url}/nowhere`)).status, 404)
  }
})
