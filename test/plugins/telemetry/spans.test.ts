import { SpanKind } from '@opentelemetry/api'
import t from 'tap'
import { RouteSlot } from '../../../core/api/endpoint.ts'
import { WeirError } from '../../../core/api/errors.ts'
import { attempt, endpoint, exchange, outcome } from '../../../core/testing.ts'
import { finished, make, SPAN, TRACE, target } from './recorder.ts'

t.test('client spans: one an attempt, whose context goes upstream', async (t) => {
  const { tracing, recorder, clock, epoch } = make()
  const x = exchange({
    path: '/v1/orders/7',
    query: '?token=s&a=1',
    headers: { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1' },
  })
  const spans = tracing.begin(x)!
  x.set(RouteSlot, { endpoint: endpoint('v1/orders'), path: '/7', template: '/v1/orders' })
  const first = attempt(1, 1, target)
  spans.beginAttempt(x, first)
  const parent1 = x.request.headers.get('traceparent')
  spans.endAttempt(first, {
    result: 'failure',
    status: undefined,
    error: new WeirError('upstream_reset'),
    headMs: undefined,
    totalMs: 4,
  })
  spans.endAttempt(first, outcome('failure'))
  const second = attempt(6, 2, { ...target, origin: 'http://other:82', host: 'other:82' })
  spans.beginAttempt(x, second)
  const parent2 = x.request.headers.get('traceparent')
  spans.endAttempt(second, outcome('success', 404))
  const third = attempt(9, 3, target)
  spans.beginAttempt(x, third)
  const plain = attempt(10, 4)
  spans.beginAttempt(x, plain)
  spans.endAttempt(plain, outcome('success', 200))
  clock.advance(20)
  tracing.finish(x, finished(x, { outcome: 'aborted', status: 0 }))
  spans.beginAttempt(x, attempt(30, 5, target))
  const [server, a, b, c] = recorder.spans
  t.equal(recorder.spans.length, 4, 'attempts without a target have no client span, nor has what comes too late')
  t.strictSame(a, {
    name: 'GET',
    kind: SpanKind.CLIENT,
    events: [],
    parent: server!.spanId,
    spanId: a!.spanId,
    start: epoch + 1,
    end: epoch + 5,
    error: true,
    attributes: {
      'http.request.method': 'GET',
      'url.full': 'http://up:81/b/7?token=REDACTED&a=1',
      'server.address': 'up',
      'server.port': 81,
      'error.type': 'upstream_reset',
    },
  })
  t.match(b, {
    error: true,
    attributes: {
      'server.address': 'other',
      'server.port': 82,
      'http.request.resend_count': 1,
      'http.response.status_code': 404,
      'error.type': '404',
    },
  })
  t.match(c, { end: epoch + 20, attributes: { 'http.request.resend_count': 2 } }, 'a leftover ends with the exchange')
  t.equal(parent1, `00-${TRACE}-${a!.spanId}-01`)
  t.equal(parent2, `00-${TRACE}-${b!.spanId}-01`)
  t.equal(x.request.headers.get('tracestate'), 'a=1')
})

t.test('how client spans end', async (t) => {
  const settle = (number: number, result: 'success' | 'failure' | 'ignored', status?: number, error?: WeirError) => {
    const { tracing, recorder } = make()
    const x = exchange()
    const spans = tracing.begin(x)!
    const one = attempt(0, number, { ...target, origin: 'https://up', host: 'up' })
    spans.beginAttempt(x, one)
    spans.endAttempt(one, { ...outcome(result, status), error })
    tracing.finish(x, finished(x))
    return recorder.spans.at(-1)!
  }
  t.match(settle(1, 'success', 200), { error: false, attributes: { 'error.type': undefined, 'server.port': 443 } })
  t.match(settle(2, 'failure'), { error: true, attributes: { 'error.type': '_OTHER' } })
  t.match(settle(3, 'ignored'), { error: false, attributes: { 'error.type': undefined } })
  t.match(settle(4, 'ignored', 200, new WeirError('client_gone')), {
    error: false,
    attributes: { 'error.type': 'client_gone' },
  })
})

t.test('what a long exchange notes is bounded', async (t) => {
  const { tracing, recorder } = make()
  const x = exchange()
  const trace = tracing.begin(x)!
  for (let i = 0; i < 1000; i++) {
    trace.attribute(`n${i}`, i)
    trace.attribute('n0', -i)
    trace.event('tick', { i })
  }
  tracing.finish(x, finished(x))
  const [server] = recorder.traces[0]!.spans
  t.match(server, { droppedAttributes: 872, droppedEvents: 872, attributes: { n0: -999, n127: 127 } })
  t.notOk('n128' in server!.attributes)
  t.equal(server!.events.length, 128)
  t.match(server!.events[0]!.attributes, { i: 872 }, 'the last events stay')
})
