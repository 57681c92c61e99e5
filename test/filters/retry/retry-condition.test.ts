import t from 'tap'
import { Body, type ErrorCode, HeaderList, LocalReply, WeirError } from '../../../core/index.ts'
import { retryCondition } from '../../../filters/retry/retry-condition.ts'

const STATUSES = new Set([502, 503])
const response = (status: number) => ({
  response: { status, statusText: undefined, headers: new HeaderList(), body: Body.empty() },
})

t.test('responses', async (t) => {
  t.equal(retryCondition(response(200), STATUSES), 'done')
  t.equal(retryCondition(response(503), STATUSES), 'failed')
  t.equal(retryCondition(response(500), STATUSES), 'done', 'a status that is not listed')
  const local = { response: new LocalReply(503, 'breaker_open') }
  t.equal(retryCondition(local, STATUSES), 'refused', 'a local reply, whatever its status')
})

t.test('errors', async (t) => {
  const table: [ErrorCode, ReturnType<typeof retryCondition>][] = [
    ['upstream_connect_failed', 'unsent'],
    ['upstream_connect_timeout', 'unsent'],
    ['upstream_dns_failed', 'unsent'],
    ['upstream_reset', 'failed'],
    ['upstream_timeout', 'failed'],
    ['upstream_idle_timeout', 'failed'],
    ['upstream_protocol_error', 'done'],
    ['request_not_forwardable', 'done'],
    ['client_gone', 'done'],
    ['request_body_timeout', 'done'],
  ]
  for (const [code, condition] of table)
    t.equal(retryCondition({ error: new WeirError(code) }, STATUSES), condition, code)
  t.equal(retryCondition({ error: new Error('of a filter') }, STATUSES), 'done')
  t.equal(retryCondition({ error: undefined }, STATUSES), 'done', 'a filter may throw anything')
})
