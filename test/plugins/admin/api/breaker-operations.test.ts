import t from 'tap'
import { startAdmin } from '../../../support/admin-client.ts'

t.test('breakers are tripped and reset by hand', async (t) => {
  const url = 'http://127.0.0.1:1'
  const { admin } = await startAdmin(
    t,
    `filters: [route-match, breaker: { scope: target }, proxy]
endpoints:
  - { name: a, version: v1, targets: [{ url: "${url}" }, { url: "http://127.0.0.1:2" }] }
  - { name: reset, url: "${url}" }
`,
  )
  t.match((await admin.ask('GET /health/circuit-breakers')).json(), { total: 3 })
  t.match((await admin.ask('POST /circuit-breakers/v1/a/trip', { body: { target: url } })).json(), {
    breakers: [
      { target: url, phase: 'open' },
      { target: 'http://127.0.0.1:2', phase: 'closed' },
    ],
  })
  t.match((await admin.ask('GET /health/circuit-breakers/open')).json(), { items: [{ endpoint: 'v1/a', target: url }] })
  t.match((await admin.ask('POST /circuit-breakers/v1/a/reset')).json(), { breakers: [{ phase: 'closed' }, {}] })
  t.equal((await admin.ask('POST /circuit-breakers/reset/trip')).status, 200, 'an endpoint of that name')
  t.equal((await admin.ask('POST /circuit-breakers/nope/trip')).status, 404)
  t.match((await admin.ask('POST /circuit-breakers/v1/a/trip', { body: { filter: 'nope' } })).json(), {
    breakers: [{ phase: 'closed' }, { phase: 'closed' }],
  })
})
