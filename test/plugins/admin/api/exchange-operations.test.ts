import t from 'tap'
import {
  type ExplainedExchange,
  type RecentExchanges,
  RecentExchangesKey,
  type RecentFilter,
} from '../../../../core/index.ts'
import { startAdmin } from '../../../support/admin-client.ts'

const exchange = (id: string): ExplainedExchange => ({
  request_id: id,
  trace_id: null,
  at: '2026-01-01T00:00:00.000Z',
  listener: 'proxy',
  client: '192.0.2.1',
  method: 'GET',
  host: 'a.test',
  path: '/x',
  endpoint: 'v1/a',
  target: 'http://a',
  attempts: 1,
  status: 200,
  outcome: 'completed',
  filter: null,
  reason: null,
  error: null,
  duration_ms: 1.25,
  worker: null,
  explained: true,
  route: { by: 'name', file: 'weir.yaml', line: 3 },
  rejected: [],
  steps: [
    {
      filter: 'proxy',
      file: null,
      line: null,
      verdict: 'continue',
      reason: null,
      start_ms: 0.1,
      self_ms: 1,
      changes: [{ on: 'request', set: ['via'], removed: [] }],
    },
  ],
  calls: [
    {
      number: 1,
      target: 'http://a',
      result: 'success',
      status: 200,
      error: null,
      start_ms: 0.2,
      head_ms: 1,
      total_ms: 1,
    },
  ],
})

t.test('the last requests', async (t) => {
  const asked: (RecentFilter | undefined)[] = []
  const { route: _, rejected: __, steps: ___, calls: ____, ...recent } = exchange('')
  const exchanges: RecentExchanges = {
    list: async (which) => {
      asked.push(which)
      return ['c', 'b', 'a'].map((id) => ({ ...recent, request_id: id }))
    },
    explain: async (id) => (id === 'a/b %' ? exchange(id) : undefined),
  }
  const { admin } = await startAdmin(t, undefined, { services: [[RecentExchangesKey, exchanges]] })
  const first = (await admin.ask('GET /requests/recent?endpoint=v1/a&errors=true&slower_than=500ms&limit=2')).json()
  t.match(first, { total: 3, items: [{ request_id: 'c' }, { request_id: 'b' }] })
  t.match(asked, [{ endpoint: 'v1/a', errors: true, slower_than_ms: 500 }])
  t.match((await admin.ask(`GET /requests/recent?limit=2&cursor=${first.next}`)).json(), {
    items: [{ request_id: 'a' }],
  })
  t.equal((await admin.ask('GET /requests/recent?errors=yes')).status, 400)
  t.match((await admin.ask('GET /explain/a%2Fb%20%25')).json(), { request_id: 'a/b %', calls: [{ number: 1 }] })
  t.match((await admin.ask('GET /explain/x')).json(), { status: 404, code: 'exchange_not_found' })
  t.match((await admin.ask('GET /explain/%zz')).json(), { status: 400, code: 'path_invalid' })
})
