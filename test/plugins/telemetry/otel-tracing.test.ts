import { SpanKind } from '@opentelemetry/api'
import t from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import type { Finished } from '../../../core/api/filter.ts'
import { endpoint, exchange, withResponse } from '../../../core/testing.ts'
import { samplerOf } from '../../../plugins/telemetry/sampler.ts'
import { finished, make, SPAN, TRACE } from './recorder.ts'

t.test('what is not sampled makes no span and goes on with a valid header', async (t) => {
  const { tracing, recorder } = make(samplerOf(undefined, undefined, 0, () => {}))
  const x = exchange({ headers: { tracestate: 'a=1' } })
  t.equal(tracing.begin(x), undefined)
  t.equal(x.trace, undefined)
  t.match(x.traceId, /^[0-9a-f]{32}$/)
  const [, traceId, spanId, flags] = x.request.headers.get('traceparent')!.split('-')
  t.equal(traceId, x.traceId)
  t.match(spanId, /^[0-9a-f]{16}$/)
  t.equal(flags, '00')
  t.equal(x.request.headers.has('tracestate'), false)
  tracing.finish(x, finished(x))

  const called = exchange({ headers: { traceparent: `00-${TRACE}-${SPAN}-00`, tracestate: 'a=1' } })
  t.equal(tracing.begin(called), undefined)
  t.equal(called.traceId, TRACE)
  t.match(called.request.headers.get('traceparent'), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  t.equal(called.request.headers.get('tracestate'), 'a=1')
  t.equal(recorder.spans.length, 0)
})

t.test('a sampled caller is followed, a malformed one is not', async (t) => {
  const { tracing, recorder } = make(samplerOf(undefined, undefined, 0, () => {}))
  const x = exchange({ headers: { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1' } })
  t.equal(tracing.begin(x), x.trace)
  t.equal(x.traceId, TRACE)
  t.equal(x.trace?.traceId, TRACE)
  t.equal(recorder.spans.length, 0, 'no span while it lasts')
  tracing.finish(x, finished(x))
  t.match(recorder.spans, [{ name: 'GET', kind: SpanKind.SERVER, parent: SPAN }])
  t.match(recorder.traces, [{ traceId: TRACE, traceState: 'a=1', callerSampled: true }])
  const bad = exchange({ headers: { traceparent: `00-${TRACE}-${SPAN}-01-x` } })
  t.equal(tracing.begin(bad), undefined)
  t.not(bad.traceId, TRACE)
})

t.test('a new trace gets the id on which its sampling was decided', async (t) => {
  const decided: string[] = []
  const { tracing, recorder } = make((id) => decided.push(id) > 0)
  const x = exchange()
  t.equal(tracing.begin(x)?.traceId, decided[0])
  t.equal(x.traceId, decided[0])
  tracing.finish(x, finished(x))
  t.match(recorder.traces, [{ traceId: decided[0], traceState: undefined }])
  t.match(recorder.spans, [{ parent: undefined }])
})

t.test('the server span', async (t) => {
  const { tracing, recorder, clock, epoch } = make()
  const x = exchange({
    method: 'POST',
    path: '/orchestrator/v1/orders/7',
    query: '?token=secret',
    host: 'api.test:8443',
    headers: { 'User-Agent': 'curl/8' },
    downstream: { scheme: 'https' },
  })
  tracing.begin(x)
  x.set(RouteSlot, { endpoint: endpoint('v1/orders'), path: '/7', template: '/orchestrator/v1/orders' })
  x.trace!.attribute('custom', 5)
  withResponse(x, 404)
  clock.advance(12)
  x.trace!.event('happened', { why: 'because' })
  tracing.finish(x, finished(x, { status: 404 }))
  x.trace!.attribute('late', 1)
  x.trace!.event('late')
  t.match(recorder.spans[0], {
    name: 'POST /orchestrator/v1/orders',
    start: epoch,
    end: epoch + 12,
    error: false,
    events: [{ name: 'happened', attributes: { why: 'because' }, at: epoch + 12 }],
  })
  t.equal(recorder.spans[0]!.events.length, 1)
  t.strictSame(recorder.spans[0]!.attributes, {
    'http.request.method': 'POST',
    'url.path': '/orchestrator/v1/orders/7',
    'url.scheme': 'https',
    'client.address': '192.0.2.1',
    'network.protocol.version': '1.1',
    'server.address': 'api.test',
    'server.port': 8443,
    'user_agent.original': 'curl/8',
    custom: 5,
    'weir.outcome': 'completed',
    'http.route': '/orchestrator/v1/orders',
    'weir.endpoint': 'v1/orders',
    'http.response.status_code': 404,
  })
})

t.test('how a server span ends', async (t) => {
  const end = (status: number, rest: Partial<Finished> = {}, local?: { filter: string; reason: string }) => {
    const { tracing, recorder } = make()
    const x = exchange({ method: 'PROPFIND', host: '[::1]' })
    tracing.begin(x)
    if (local !== undefined) withResponse(x, status).response.local = local
    tracing.finish(x, finished(x, { status, ...rest }))
    tracing.finish(x, finished(x, { status, ...rest }))
    const [span] = recorder.spans
    t.equal(recorder.spans.length, 1)
    return span!
  }
  t.match(end(503), { error: true, attributes: { 'error.type': '503' } })
  t.match(end(503, {}, { filter: 'breaker', reason: 'circuit_open' }), {
    error: true,
    attributes: { 'error.type': 'circuit_open', 'weir.reply.filter': 'breaker', 'weir.reply.reason': 'circuit_open' },
  })
  t.match(end(502, { error: new WeirError('upstream_reset') }), {
    error: true,
    attributes: { 'error.type': 'upstream_reset' },
  })
  t.match(end(0, { outcome: 'aborted' }), {
    error: false,
    attributes: { 'error.type': 'client_gone', 'weir.outcome': 'aborted', 'http.response.status_code': undefined },
  })
  t.match(end(401, {}, { filter: 'auth', reason: 'token_missing' }), {
    error: false,
    attributes: { 'error.type': undefined, 'weir.reply.reason': 'token_missing' },
  })
  t.match(end(200), {
    name: 'HTTP',
    attributes: {
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
      'server.address': '::1',
      'server.port': 80,
    },
  })
})

t.test('filters become spans when the exchange is over', async (t) => {
  const { tracing, recorder, clock, epoch } = make()
  const x = exchange()
  const { steps } = tracing.begin(x)!
  const step = (name: string, endedAt: number | undefined, verdict?: 'continue' | 'reply' | 'error', reason?: string) =>
    steps.set(name, { name, startedAt: 1, endedAt, verdict, reason })
  step('request-id', 2, 'continue')
  step('auth', 3, 'reply', 'token_missing')
  step('cors', 4, 'error', 'TypeError')
  step('hanging', undefined)
  clock.advance(9)
  tracing.finish(x, finished(x))
  const within = recorder.spans[0]!.spanId
  t.match(recorder.named('filter request-id'), {
    parent: within,
    start: epoch + 1,
    end: epoch + 2,
    kind: SpanKind.INTERNAL,
  })
  t.strictSame(recorder.named('filter request-id').attributes, { 'weir.filter.verdict': 'continue' })
  t.strictSame(recorder.named('filter auth').attributes, {
    'weir.filter.verdict': 'reply',
    'weir.reply.reason': 'token_missing',
  })
  t.equal(recorder.named('filter auth').error, false)
  t.match(recorder.named('filter cors'), { error: true, attributes: { 'error.type': 'TypeError' } })
  t.match(recorder.named('filter hanging'), { end: epoch + 9, attributes: {} })
})

t.test('hosts that name nothing', async (t) => {
  for (const host of ['', ':80', 'a:b:c']) {
    const { tracing, recorder } = make()
    const x = exchange({ host })
    tracing.begin(x)
    tracing.finish(x, finished(x))
    t.notOk('server.address' in recorder.spans[0]!.attributes, host)
  }
})
