import t, { type Test } from 'tap'
import type { Filter } from '../../../core/api/filter.ts'
import type { FilterFactory } from '../../../core/api/filter-factory.ts'
import { specOf, startGateway } from '../../../core/testing.ts'

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as never
const nothing = (): void => {}
const factory = (name: string, filter: Filter, rest: Partial<FilterFactory> = {}): FilterFactory => ({
  name,
  apiVersion: 1,
  options: anything,
  create: () => filter,
  ...rest,
})
const FILTERS = [
  factory('early', { request: nothing }),
  factory('both', { request: nothing, response: nothing }),
  factory('later', { request: nothing, routed: nothing }),
  factory('end', { call: nothing } as Filter, { terminal: true }),
]
const off = (name: string) => ({ factory: name, off: ['filters', name] })

type Own = Parameters<typeof specOf>[0][number]['filters']

async function warnings(t: Test, chain: Parameters<typeof specOf>[1], ...own: Own[]): Promise<string[]> {
  const endpoints = own.map((filters, i) => ({ name: `e${i}`, url: 'http://127.0.0.1:9', filters: filters ?? {} }))
  const spec = specOf(endpoints, chain)
  const gateway = await startGateway(spec, { filters: FILTERS })
  t.teardown(() => gateway.close())
  const found = (): string[] =>
    gateway.gateway.live!.warnings.map(({ path, message }) => `${path.join('.')}: ${message}`)
  const first = found()
  await gateway.gateway.load(spec)
  t.strictSame(found(), first, 'a reload that changes nothing says the same')
  return first
}

t.test(
  'what an endpoint says of a filter that has run before the route has no effect, which is said once',
  async (t) => {
    const chain = ['early', 'both', 'later', 'route-match', 'proxy']
    const [found, ...more] = await warnings(t, chain, undefined, { early: { a: 1 } }, { early: { a: 2 } })
    t.equal(
      found,
      'endpoints.1.filters.early: this has no effect: "early" acts on requests before "route-match" finds the endpoint; put "early" after "route-match", or turn it off in the chain, so that it runs where endpoints turn it on (the same at 1 more of the endpoints)',
    )
    t.strictSame(more, [])
    t.match(await warnings(t, chain, { early: 'off', both: 'off' }), [/"early" acts/, /"both" acts/])
    t.strictSame(
      await warnings(t, chain, { both: { a: 1 }, later: 'off' }, { later: { a: 1 } }),
      [],
      'other hooks follow',
    )
    t.strictSame(await warnings(t, chain, { early: {} }), [], 'nothing else is wanted')
    t.strictSame(await warnings(t, [off('early'), 'route-match', 'proxy'], { early: { a: 1 } }), [])
    t.strictSame(await warnings(t, ['route-match', 'early', 'proxy'], { early: { a: 1 } }, { early: 'off' }), [])
  },
)

t.test('options of a terminal filter where another takes its place', async (t) => {
  const chain = ['route-match', off('end'), 'proxy']
  t.strictSame(await warnings(t, chain, { end: {}, proxy: { timeout: '1s' } }, { end: {}, proxy: 'off' }), [
    'endpoints.0.filters.proxy: this has no effect: "end" takes the place of "proxy" here',
  ])
})
