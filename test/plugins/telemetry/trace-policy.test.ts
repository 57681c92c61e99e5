import t from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { attempt, endpoint, exchange } from '../../../core/testing.ts'
import { parentBased, ratioSampler } from '../../../plugins/telemetry/sampler.ts'
import { EndpointRatios } from '../../../plugins/telemetry/trace-policy.ts'
import { finished, make, SPAN, TRACE, target } from './recorder.ts'

const CALLER = `00-${TRACE}-${SPAN}-01`
const never = parentBased(ratioSampler(0))

t.test('errors and slow exchanges are kept although they were not sampled, and the upstream is told so', async (t) => {
  const kept = (rest: Partial<Finished>, keep = { errors: true, slowerThanMs: 1000 as number | undefined }) => {
    const { tracing, recorder } = make(never, { keep })
    const x = exchange()
    tracing.begin(x)!.beginAttempt(x, attempt(0, 1, target))
    t.equal(x.trace?.sampled, false, 'no exemplar may name it')
    t.match(x.request.headers.get('traceparent'), new RegExp(`^00-${x.traceId}-[0-9a-f]{16}-00$`))
    tracing.finish(x, finished(x, rest))
    return recorder.spans.length
  }
  t.equal(kept({}), 0)
  t.equal(kept({ status: 404 }), 0)
  t.equal(kept({ status: 503 }), 2)
  t.equal(kept({ status: 200, outcome: 'aborted', error: new WeirError('upstream_reset') }), 2)
  t.equal(kept({ status: 0, outcome: 'aborted', error: new WeirError('client_gone') }), 0)
  t.equal(kept({ durationMs: 1000 }), 2)
  t.equal(kept({ durationMs: 99_999, status: 101 }), 0, 'a tunnel is not slow')
  t.equal(kept({ durationMs: 1000 }, { errors: true, slowerThanMs: undefined }), 0)
  t.equal(kept({ status: 500 }, { errors: false, slowerThanMs: 1000 }), 0)
})

t.test('the context of strangers ends here: a new trace, linked to theirs', async (t) => {
  const fields = { traceparent: CALLER, tracestate: 'a=1', baggage: 'user=1' }
  const begin = (trust: 'always' | 'trusted_proxies' | 'never', trusted: boolean) => {
    const { tracing, recorder } = make(parentBased(ratioSampler(1)), { trust })
    const x = exchange({ headers: fields, downstream: { trusted } })
    tracing.begin(x)!.beginAttempt(x, attempt(0, 1, target))
    tracing.finish(x, finished(x))
    const [server] = recorder.traces[0]!.spans
    const { headers } = x.request
    return {
      continued: x.traceId === TRACE,
      parent: server!.parentId,
      link: server!.link,
      passed: ['tracestate', 'baggage'].filter((name) => headers.has(name)),
      sent: headers.get('traceparent')!.includes(TRACE),
    }
  }
  const known = { continued: true, parent: SPAN, link: undefined, passed: ['tracestate', 'baggage'], sent: true }
  const link = { traceId: TRACE, spanId: SPAN, sampled: true }
  const unknown = { continued: false, parent: undefined, link, passed: [], sent: false }
  t.strictSame(begin('always', false), known)
  t.strictSame(begin('trusted_proxies', true), known)
  t.strictSame(begin('trusted_proxies', false), unknown)
  t.strictSame(begin('never', true), unknown)
})

t.test('a stranger who asks for a trace does not cause one', async (t) => {
  const { tracing } = make(never, { trust: 'never' })
  const x = exchange({ headers: { traceparent: CALLER, baggage: 'a=1' } })
  t.equal(tracing.begin(x), undefined)
  t.match(x.request.headers.get('traceparent'), /-00$/)
  t.notMatch(x.request.headers.get('traceparent'), TRACE)
  t.notOk(x.request.headers.has('baggage'))
})

t.test('ratios of endpoints decide when the route is known', async (t) => {
  const ratios = new EndpointRatios({ 'v1/all': 1, 'v1/none': 0 })
  const traced = (id: string | undefined, otherwise: number, headers = {}) => {
    const { tracing, recorder } = make(parentBased(ratioSampler(otherwise)), { ratios })
    const x = exchange({ headers })
    const trace = tracing.begin(x)!
    if (id !== undefined) x.set(RouteSlot, { endpoint: endpoint(id), path: '/', template: '/' })
    trace.beginAttempt(x, attempt(0, 1, target))
    tracing.finish(x, finished(x))
    return [recorder.spans.length > 0, x.request.headers.get('traceparent')!.endsWith('-01')]
  }
  t.strictSame(traced('v1/all', 0), [true, true])
  t.strictSame(traced('v1/none', 1), [false, false])
  t.strictSame(traced('v1/other', 0), [false, false])
  t.strictSame(traced('v1/other', 1), [true, true])
  t.strictSame(traced(undefined, 1), [true, true])
  t.strictSame(traced('v1/none', 1, { traceparent: CALLER }), [true, true], 'a caller who decided is followed')
  const { tracing } = make(never, { ratios: new EndpointRatios({ 'v1/none': 0 }) })
  t.equal(tracing.begin(exchange()), undefined, 'what no endpoint would keep is not recorded')
})
