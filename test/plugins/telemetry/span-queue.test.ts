import { SpanKind } from '@opentelemetry/api'
import t from 'tap'
import { MemoryMeter } from '../../../core/testing.ts'
import { exportRequest } from '../../../plugins/telemetry/otlp-span.ts'
import { ProtoWriter } from '../../../plugins/telemetry/proto-writer.ts'
import { spanLimitsOf } from '../../../plugins/telemetry/span-limits.ts'
import { queueLimitsOf, type SpanBatch, SpanQueue } from '../../../plugins/telemetry/span-queue.ts'
import type { SpanRecord, TraceRecord } from '../../../plugins/telemetry/span-record.ts'
import { decodeExport } from '../../support/otlp.ts'
import { SPAN, TRACE } from './recorder.ts'

const HEAD = { resource: { attributes: {} }, scope: { name: 'weir' } }

function trace(count: number, rest: Partial<TraceRecord> = {}, attributes: SpanRecord['attributes'] = {}): TraceRecord {
  const span: SpanRecord = {
    name: 'GET',
    kind: SpanKind.INTERNAL,
    spanId: SPAN,
    parentId: SPAN,
    startedAt: 1,
    endedAt: 2,
    attributes,
    droppedAttributes: 0,
    events: [],
    droppedEvents: 0,
    error: false,
  }
  const spans = Array.from({ length: count }, () => span)
  return { traceId: TRACE, traceState: undefined, callerSampled: undefined, spans, ...rest }
}

/** A queue whose exports end when the test says so. */
function make(variables: Record<string, string> = {}) {
  const sent: SpanBatch[] = []
  const ends: ((failure?: string) => void)[] = []
  const meter = new MemoryMeter()
  const queue = new SpanQueue({
    limits: queueLimitsOf(variables),
    spanLimits: spanLimitsOf(variables),
    send: (batch) => {
      sent.push(batch)
      return new Promise((resolve) => ends.push(resolve))
    },
    meter,
  })
  const dropped = (reason: string) => meter.value('weir_tracing_spans_dropped_total', { reason })
  return { queue, sent, ends, dropped }
}

const SMALL = { OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4' }
const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('the bounds that the variables set', async (t) => {
  t.strictSame(queueLimitsOf({}), { queueSize: 2048, batchSize: 512, delayMs: 5000 })
  t.strictSame(queueLimitsOf({ ...SMALL, OTEL_BSP_SCHEDULE_DELAY: '20' }), { queueSize: 10, batchSize: 4, delayMs: 20 })
  t.match(queueLimitsOf({ OTEL_BSP_MAX_QUEUE_SIZE: '-1', OTEL_BSP_SCHEDULE_DELAY: 'soon' }), {
    queueSize: 2048,
    delayMs: 5000,
  })
  t.equal(queueLimitsOf({ OTEL_BSP_MAX_QUEUE_SIZE: '100' }).batchSize, 100, 'a batch is no larger than the queue')
})

t.test('one export at a time; a full queue drops whole traces and counts their spans', async (t) => {
  const { queue, sent, ends, dropped } = make(SMALL)
  for (let i = 0; i < 7; i++) queue.add(trace(3))
  t.equal(sent.length, 1)
  t.equal(sent[0]!.count, 6, 'a batch has whole traces')
  t.equal(decodeExport(exportRequest(new ProtoWriter(), HEAD, sent[0]!.bytes)).length, 6)
  t.equal(dropped('queue_full'), 9, 'four traces wait: the bound, and the rest of one trace')
  t.equal(JSON.stringify(sent[0]), '{"spans":6}')
  ends[0]!()
  await turn()
  t.equal(sent.length, 2)
  queue.add(trace(3))
  t.equal(dropped('queue_full'), 9, 'there is room again')
  ends[1]!('status 400')
  const closed = queue.close()
  await turn()
  t.equal(dropped('export_failed'), 6)
  t.equal(sent[2]!.count, 3, 'closing sends the rest')
  queue.add(trace(1))
  t.equal(sent.length, 3)
  ends[2]!()
  await closed
  t.equal(dropped('queue_full'), undefined, 'the metric is gone')
})

t.test('a batch is sent when it is large, however few spans it has', async (t) => {
  const { queue, sent } = make()
  for (let i = 0; i < 40; i++) queue.add(trace(1, {}, { text: 'x'.repeat(30_000) }))
  t.equal(sent.length, 1)
  t.ok(sent[0]!.bytes.length > 1 << 20 && sent[0]!.bytes.length < 1.1 * (1 << 20))
  for (let i = 0; i < 2000; i++) queue.add(trace(1, {}, { text: 'x'.repeat(30_000) }))
  t.ok(sent.length === 1, 'bytes that wait are bounded too')
})

t.test('trace state is checked and goes to every span; only the server span has a remote parent', async (t) => {
  const { queue, sent } = make({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' })
  queue.add(trace(2, { traceState: 'a=1, ,=x,b=2' }))
  const spans = decodeExport(exportRequest(new ProtoWriter(), HEAD, sent[0]!.bytes))
  t.match(spans, [
    { traceState: 'a=1,b=2', flags: 0x301 },
    { traceState: 'a=1,b=2', flags: 0x101 },
  ])
})

t.test('a trace that can not be written is dropped alone', async (t) => {
  const { queue, sent, dropped } = make({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' })
  const hostile = {
    get bad(): string {
      throw new Error('no')
    },
  }
  queue.add(trace(1))
  queue.add(trace(5, {}, hostile))
  queue.add(trace(1))
  t.equal(dropped('invalid'), 5)
  t.equal(decodeExport(exportRequest(new ProtoWriter(), HEAD, sent[0]!.bytes)).length, 2)
})

t.test('a caller that left the decision open (B3 can) is remote too', async (t) => {
  const { queue, sent } = make({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' })
  queue.add(trace(2))
  const spans = decodeExport(exportRequest(new ProtoWriter(), HEAD, sent[0]!.bytes))
  t.match(spans, [{ flags: 0x301 }, { flags: 0x101 }])
})
