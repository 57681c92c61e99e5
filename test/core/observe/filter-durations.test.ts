import t from 'tap'
import { FilterDurations, timeFilter } from '../../../core/observe/filter-durations.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { exchange, specOf, startGateway } from '../../../core/testing.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('one request in 128 is timed, in every filter of its chain', async (t) => {
  const upstream = await startUpstream((_req, res) => res.end('ok'))
  const gw = await startGateway(specOf([{ name: 'a', url: upstream.url }]))
  t.teardown(async () => {
    await gw.close()
    await upstream.close()
  })
  await send(`${gw.url}/orchestrator/a/`)
  await send(`${gw.url}/orchestrator/a/`)
  const text = await gw.metrics()
  for (const filter of ['request-id', 'auth', 'route-match', 'method-check', 'breaker']) {
    t.match(text, new RegExp(`weir_filter_duration_seconds_count\\{filter="${filter}"\\} [12]\n`), filter)
  }
})

t.test('a timed filter has the same hooks, and rejections pass through', async (t) => {
  const durations = new FilterDurations(new Metrics())
  const filter = timeFilter({ request: () => Promise.reject(new Error('no')), log() {} }, 'f', durations)
  t.strictSame(Object.keys(filter).toSorted(), ['log', 'request'])
  await t.rejects(Promise.resolve(filter.request!(exchange())), /no/)
  const quick = timeFilter({ routed: () => undefined }, 'g', durations)
  t.equal(quick.routed!(exchange()), undefined, 'what was synchronous stays so')
})
