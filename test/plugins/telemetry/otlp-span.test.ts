import { type Attributes, SpanKind } from '@opentelemetry/api'
import fc from 'fast-check'
import t from 'tap'
import { exportRequest, writeSpan } from '../../../plugins/telemetry/otlp-span.ts'
import { ProtoWriter } from '../../../plugins/telemetry/proto-writer.ts'
import { type SpanLimits, spanLimitsOf } from '../../../plugins/telemetry/span-limits.ts'
import type { SpanRecord } from '../../../plugins/telemetry/span-record.ts'
import { decodeExport } from '../../support/otlp.ts'
import { SPAN, TRACE } from './recorder.ts'

const span = (rest: Partial<SpanRecord> = {}): SpanRecord => ({
  name: 'GET',
  kind: SpanKind.SERVER,
  spanId: 'fedcba9876543210',
  parentId: undefined,
  startedAt: 1_767_225_600_000.25,
  endedAt: 1_767_225_600_001.5,
  attributes: {},
  droppedAttributes: 0,
  events: [],
  droppedEvents: 0,
  error: false,
  ...rest,
})

function sent(records: readonly SpanRecord[], limits: SpanLimits = spanLimitsOf({}), state = '', remote = false) {
  const trace = { traceId: TRACE, traceState: state, callerSampled: true, spans: records }
  const writer = new ProtoWriter()
  for (const record of records) writeSpan(writer, trace, record, state, remote, limits)
  const head = { resource: { attributes: { 'service.name': 'gate', list: ['a', 2] } }, scope: { name: 'weir' } }
  return decodeExport(exportRequest(new ProtoWriter(), head, writer.take()))
}

t.test('a span on the wire', async (t) => {
  const events = [{ name: 'e', at: 1_767_225_600_000.5, attributes: { why: 'so', n: 1 } }]
  const [one, two] = sent(
    [span({ parentId: SPAN, error: true, events }), span({ kind: SpanKind.INTERNAL, endedAt: 0 })],
    undefined,
    'a=1',
    true,
  )
  t.strictSame(one, {
    traceId: TRACE,
    spanId: 'fedcba9876543210',
    parentSpanId: SPAN,
    traceState: 'a=1',
    name: 'GET',
    kind: 'SERVER',
    startNano: 1_767_225_600_000_250_000n,
    endNano: 1_767_225_600_001_500_000n,
    attributes: {},
    status: 'ERROR',
    droppedAttributes: 0,
    events: [{ name: 'e', nano: 1_767_225_600_000_500_000n, attributes: { why: 'so', n: 1 }, droppedAttributes: 0 }],
    droppedEvents: 0,
    flags: 0x301,
    resource: { 'service.name': 'gate', list: ['a', 2] },
    scope: 'weir',
  })
  t.match(two, { kind: 'INTERNAL', parentSpanId: '', status: 'UNSET' })
  t.equal(two!.endNano, two!.startNano, 'no span ends before its start')
  t.equal(sent([span()])[0]!.flags, 0x101, 'sampled, and the parent is known to be local')
})

t.test('times keep their nanoseconds', async () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2 ** 42, noNaN: true }), (ms) => {
      const whole = Math.floor(ms)
      const { startNano } = sent([span({ startedAt: ms })])[0]!
      return startNano === BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6))
    }),
  )
})

t.test('attributes of every kind, in UTF-8; lone surrogates are replaced', async (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 300 }))
  const value = fc.oneof(text, fc.boolean(), fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true }))
  fc.assert(
    fc.property(
      fc.dictionary(
        text.filter((key) => key !== '' && key !== '__proto__'),
        value,
      ),
      (attributes) => {
        const { attributes: seen } = sent([span({ attributes })])[0]!
        const expected = Object.entries(attributes).map(([key, item]) => [
          key.toWellFormed(),
          typeof item === 'string' ? item.toWellFormed() : Object.is(item, -0) ? 0 : item,
        ])
        t.strictSame(seen, Object.fromEntries(expected))
      },
    ),
    { numRuns: 50 },
  )
  const lone = `${'x'.repeat(200)}\ud800`
  t.strictSame(sent([span({ name: 'a\udc00', attributes: { lone, pair: '\u{1f600}' } })])[0], {
    ...sent([span()])[0]!,
    name: 'a\ufffd',
    attributes: { lone: lone.toWellFormed(), pair: '\u{1f600}' },
  })
})

t.test('what is no value of an attribute is left out', async (t) => {
  const odd = { a: undefined, b: null, c: {}, d: () => {}, e: 1n, '': 'x', list: ['x', true, 1.5], ok: Number.NaN }
  const { attributes } = sent([span({ attributes: odd as unknown as Attributes })])[0]!
  t.strictSame(attributes, { list: ['x', true, 1.5], ok: Number.NaN })
})

t.test('limits', async (t) => {
  const limits = spanLimitsOf({
    OTEL_ATTRIBUTE_COUNT_LIMIT: '9',
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '2',
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3',
    OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '1',
    OTEL_SPAN_EVENT_COUNT_LIMIT: 'many',
  })
  t.strictSame(limits, { attributes: 2, valueLength: 3, events: 128, attributesPerEvent: 1 })
  const attributes = { a: 'four', b: ['long one', 5], c: 1 } as unknown as Attributes
  const [seen] = sent(
    [span({ attributes, droppedAttributes: 4, droppedEvents: 7, events: [{ name: 'e', at: 0, attributes }] })],
    limits,
  )
  t.match(seen, {
    attributes: { a: 'fou', b: ['lon', 5] },
    droppedAttributes: 5,
    droppedEvents: 7,
    events: [{ attributes: { a: 'fou' }, droppedAttributes: 2 }],
  })
})

t.test('a huge value is cut, so that the queue is bounded', async (t) => {
  const [seen] = sent([span({ attributes: { huge: '\u20ac'.repeat(10_000_000) } })])
  t.equal((seen!.attributes.huge as string).length, 32_768)
  t.equal(sent(Array.from({ length: 3000 }, () => span())).length, 3000, 'the buffer grows')
})
