import t from 'tap'
import type { Filter } from '../../../core/api/filter.ts'
import { defineFilter, type FilterFactory } from '../../../core/api/filter-factory.ts'
import { attributed, reply } from '../../../core/api/reply.ts'
import { specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

/** Made once, returned by every filter below for every request. */
const CLOSED = reply(403, 'closed')

const replaced: NonNullable<Filter['upstream']> = async (_x, call, next) => {
  const answer = await next(call)
  if ('body' in answer) answer.body.discard()
  return CLOSED
}

const HOOKS: Readonly<Record<string, Filter>> = {
  request: { request: () => CLOSED },
  'request, later': { request: async () => CLOSED },
  routed: { routed: () => CLOSED },
  upstream: { upstream: () => CLOSED },
  'upstream, later': { upstream: async () => CLOSED },
  'upstream, instead of what came': { upstream: replaced },
  admit: { admit: () => CLOSED },
  response: { response: () => CLOSED },
}

/** Does what the hook does when the request names the filter. */
function whenNamed(hooks: Filter): FilterFactory {
  return defineFilter({
    name: 'gate',
    apiVersion: 1,
    create: (_options, { name }) =>
      Object.fromEntries(
        Object.entries(hooks).map(([hook, run]) => [
          hook,
          (...args: Parameters<NonNullable<Filter['upstream']>>) => {
            if (args[0].request.headers.get('x-gate') === name) return (run as (...args: unknown[]) => unknown)(...args)
            return hook === 'upstream' ? args[2](args[1]) : undefined
          },
        ]),
      ),
  })
}

for (const [what, hooks] of Object.entries(HOOKS)) {
  t.test(`a reply that two filters share has the name of the one that returned it (${what})`, async (t) => {
    const chain = [['gate', {}, 'outer'], ['gate', {}, 'inner'], 'route-match', 'proxy'] as const
    const upstream = await startUpstream((_request, response) => void response.end('fine'))
    const spec = specOf([{ name: 'api', url: upstream.url }], chain)
    const gateway = await startGateway(spec, { filters: [whenNamed(hooks)] })
    t.teardown(async () => {
      await gateway.close()
      await upstream.close()
    })
    const names = ['inner', 'outer', 'inner', 'outer']
    for (const name of names)
      t.equal((await send(`${gateway.url}/orchestrator/api`, { headers: { 'X-Gate': name } })).status, 403)
    await gateway.logged(names.length)
    t.same(
      gateway.finished.map(({ exchange }) => exchange?.response?.local),
      names.map((filter) => ({ filter, reason: 'closed' })),
    )
  })
}

t.test('a reply that passes an upstream hook keeps the name of its filter', async (t) => {
  const inner = attributed(CLOSED, 'inner')
  t.equal(attributed(inner, 'outer'), inner)
  t.match(inner, { status: 403, reason: 'closed', options: CLOSED.options, filter: 'inner' })
  t.equal(CLOSED.filter, undefined)
})
