import t from 'tap'
import { WeirError } from '../../../core/api/errors.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { type AccessConditions, conditionsOf } from '../../../core/observe/access-conditions.ts'
import { exchange } from '../../../core/testing.ts'

const ALL: AccessConditions = {
  statuses: undefined,
  paths: { include: undefined, exclude: [] },
  listeners: undefined,
  share: 1,
  keepErrors: true,
}

const request = (path: string, status = 200, rest: Partial<Finished> = {}): Finished => ({
  exchange: exchange({ path }),
  outcome: 'completed',
  status,
  error: undefined,
  durationMs: 1,
  listener: 'proxy',
  ...rest,
})

const keeps = (conditions: Partial<AccessConditions>, random = 0.5) =>
  conditionsOf({ ...ALL, ...conditions }, () => random)!

t.test('without conditions there is nothing to ask', async (t) => {
  t.equal(
    conditionsOf(ALL, () => 0),
    undefined,
  )
})

// traefik/traefik#7982, #4584: there one condition that is met suffices, so that a second one adds lines.
t.test('every condition must be met', async (t) => {
  const keep = keeps({ statuses: [401, '4xx'], paths: { include: ['/api/*'], exclude: ['/api/health'] } })
  t.equal(keep(request('/api/x', 404)), true)
  t.equal(keep(request('/api/x', 200)), false)
  t.equal(keep(request('/other', 404)), false)
  t.equal(keep(request('/api/health', 404)), false)
})

// traefik/traefik#6861, #7961: the checks of a load balancer fill the log.
t.test('paths: whole, or below', async (t) => {
  const keep = keeps({ paths: { include: undefined, exclude: ['/healthz', '/static/*'] } })
  t.equal(keep(request('/healthz')), false)
  t.equal(keep(request('/healthz/x')), true)
  t.equal(keep(request('/static/a/b.css')), false)
  t.equal(keep(request('/static')), true)
  t.equal(keep(request('/healthz', 503)), true, 'a failed check is an error')
  for (const path of ['/static/../admin', '/static/%2e%2E/admin', '/static/..%2fadmin', '/static/\\admin'])
    t.equal(keep(request(path)), true, `${path} may not be below /static`)
  t.equal(keep(request('', 400, { exchange: undefined, outcome: 'unparsed' })), true)
  t.equal(keeps({ paths: { include: ['/*'], exclude: [] } })(request('*')), false)
})

t.test('errors are kept, unless they are not wanted', async (t) => {
  const conditions = { statuses: [404], share: 0 }
  const cut = request('/', 200, { outcome: 'aborted', error: new WeirError('upstream_reset') })
  const left = request('/', 200, { outcome: 'aborted', error: new WeirError('client_gone') })
  const keep = keeps(conditions)
  t.strictSame([request('/', 500), cut, left, request('/', 404)].map(keep), [true, true, false, false])
  t.strictSame([request('/', 500), cut].map(keeps({ ...conditions, keepErrors: false })), [false, false])
})

t.test('listeners: the others have no access log', async (t) => {
  const keep = keeps({ listeners: ['proxy'] })
  t.equal(keep(request('/')), true)
  t.equal(keep(request('/', 500, { listener: 'admin' })), false)
})

t.test('a share of the rest, at random', async (t) => {
  t.equal(keeps({ share: 0.1 }, 0.09)(request('/')), true)
  t.equal(keeps({ share: 0.1 }, 0.1)(request('/')), false)
  let drawn = 0
  const counting = conditionsOf({ ...ALL, share: 0.1, statuses: [404] }, () => {
    drawn++
    return 0
  })!
  counting(request('/', 200))
  counting(request('/', 500))
  t.equal(drawn, 0, 'nobody draws for what is decided')
})
