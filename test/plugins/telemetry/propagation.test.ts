import t from 'tap'
import { HeaderList } from '../../../core/api/header-list.ts'
import { propagatorOf } from '../../../plugins/telemetry/propagation.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const OTHER_SPAN = '1112131415161718'

const known = (names: string | undefined) => propagatorOf(names, (message) => t.fail(message))

t.test('tracecontext is the default', async (t) => {
  for (const names of [undefined, '', 'tracecontext', ' tracecontext, baggage ']) {
    const propagator = known(names)
    const headers = HeaderList.of({ Traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1' })
    t.strictSame(propagator.extract(headers), { traceId: TRACE, spanId: SPAN, sampled: true })
    propagator.inject(headers, TRACE, OTHER_SPAN, false, true)
    t.strictSame(headers.raw, ['traceparent', `00-${TRACE}-${OTHER_SPAN}-00`, 'tracestate', 'a=1'])
  }
})

t.test('a trace that begins here takes no state of another', async (t) => {
  const headers = HeaderList.of({ tracestate: ['a=1', 'b=2'], traceparent: 'nonsense' })
  const propagator = known('tracecontext')
  t.equal(propagator.extract(headers), undefined)
  propagator.inject(headers, TRACE, SPAN, true, false)
  t.strictSame(headers.raw, ['traceparent', `00-${TRACE}-${SPAN}-01`])
})

t.test('b3', async (t) => {
  const propagator = known('b3')
  const table: [headers: Record<string, string>, expected: unknown][] = [
    [{ b3: `${TRACE}-${SPAN}-1` }, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [{ b3: `${TRACE}-${SPAN}-0` }, { traceId: TRACE, spanId: SPAN, sampled: false }],
    [{ b3: `${TRACE}-${SPAN}-d` }, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [{ b3: `${TRACE}-${SPAN}-1-${OTHER_SPAN}` }, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [{ b3: `${TRACE}-${SPAN}` }, { traceId: TRACE, spanId: SPAN, sampled: undefined }],
    [{ b3: `${SPAN}-${SPAN}-1` }, { traceId: `${'0'.repeat(16)}${SPAN}`, spanId: SPAN, sampled: true }],
    [{ b3: `${TRACE.toUpperCase()}-${SPAN}-1` }, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [{ b3: `${'0'.repeat(32)}-${SPAN}-1` }, undefined],
    [{ b3: `${TRACE}-${'0'.repeat(16)}-1` }, undefined],
    [{ b3: '0' }, undefined],
    [{ b3: 'nonsense' }, undefined],
    [{}, undefined],
    [
      { 'X-B3-TraceId': TRACE, 'X-B3-SpanId': SPAN, 'X-B3-Sampled': '1' },
      { traceId: TRACE, spanId: SPAN, sampled: true },
    ],
    [
      { 'X-B3-TraceId': TRACE, 'X-B3-SpanId': SPAN, 'X-B3-Flags': '1' },
      { traceId: TRACE, spanId: SPAN, sampled: true },
    ],
    [
      { 'X-B3-TraceId': TRACE, 'X-B3-SpanId': SPAN },
      { traceId: TRACE, spanId: SPAN, sampled: undefined },
    ],
    [{ 'X-B3-TraceId': TRACE }, undefined],
  ]
  for (const [headers, expected] of table)
    t.strictSame(propagator.extract(HeaderList.of(headers)), expected, JSON.stringify(headers))
  const headers = HeaderList.of({})
  propagator.inject(headers, TRACE, SPAN, true, false)
  t.strictSame(headers.raw, ['b3', `${TRACE}-${SPAN}-1`])
})

t.test('b3multi', async (t) => {
  const headers = HeaderList.of({ 'x-b3-parentspanid': SPAN, 'x-b3-flags': '1', 'x-b3-spanid': SPAN })
  known('b3multi').inject(headers, TRACE, OTHER_SPAN, false, true)
  t.strictSame(headers.raw, ['X-B3-SpanId', OTHER_SPAN, 'X-B3-TraceId', TRACE, 'X-B3-Sampled', '0'])
})

t.test('several: all are sent, the last that finds something is believed', async (t) => {
  const propagator = known('tracecontext,b3')
  const both = HeaderList.of({ traceparent: `00-${TRACE}-${SPAN}-01`, b3: `${TRACE}-${OTHER_SPAN}-0` })
  t.match(propagator.extract(both), { spanId: OTHER_SPAN, sampled: false })
  t.match(propagator.extract(HeaderList.of({ traceparent: `00-${TRACE}-${SPAN}-01` })), { spanId: SPAN })
  propagator.inject(both, TRACE, SPAN, true, true)
  t.strictSame(both.raw, ['traceparent', `00-${TRACE}-${SPAN}-01`, 'b3', `${TRACE}-${SPAN}-1`])
})

t.test('none, and baggage alone, touch nothing', async (t) => {
  for (const names of ['none', 'baggage', 'none,tracecontext']) {
    const headers = HeaderList.of({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1', baggage: 'k=v' })
    const before = [...headers.raw]
    t.equal(known(names).extract(headers), undefined)
    known(names).inject(headers, TRACE, OTHER_SPAN, true, false)
    t.strictSame(headers.raw, before)
  }
})

t.test('unknown names are told', async (t) => {
  const warnings: string[] = []
  const propagator = propagatorOf('xray,constructor', (message) => void warnings.push(message))
  t.match(warnings, [/xray/, /constructor/])
  const headers = HeaderList.of({})
  propagator.inject(headers, TRACE, SPAN, false, false)
  t.ok(headers.has('traceparent'), 'tracecontext instead')
})
