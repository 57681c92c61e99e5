import type { ProtoWriter } from './proto-writer.ts'
import type { SpanLimits } from './span-limits.ts'
import type { SpanEvent, SpanRecord, TraceRecord } from './span-record.ts'

// Field numbers: opentelemetry-proto 1.x, trace/v1/trace.proto, common/v1/common.proto, resource/v1/resource.proto. A tag is
// the number · 8 + wire type (0 varint, 1 fixed64, 2 bytes, text or message, 5 fixed32).

const SPAN = 0x12
const TRACE_ID = 0x0a
const SPAN_ID = 0x12
const TRACE_STATE = 0x1a
const PARENT_SPAN_ID = 0x22
const NAME = 0x2a
const KIND = 0x30
const START = 0x39
const END = 0x41
const ATTRIBUTE = 0x4a
const DROPPED_ATTRIBUTES = 0x50
const EVENT = 0x5a
const DROPPED_EVENTS = 0x60
const STATUS = 0x7a
const STATUS_CODE = 0x18
const ERROR = 2
/** Field 16: two bytes. */
const FLAGS = 0x0185
/** The lower eight bits are the flags of W3C Trace Context: sampled. */
const FLAGS_LOCAL = 0x101
const FLAGS_REMOTE = 0x301

/**
 * Writes a `Span`, as an element of `ScopeSpans.spans`.
 * @param traceState checked value of `tracestate`; empty: none
 * @param remote whether the span's parent is one of another process
 */
export function writeSpan(
  writer: ProtoWriter,
  { traceId }: TraceRecord,
  span: SpanRecord,
  traceState: string,
  remote: boolean,
  limits: SpanLimits,
): void {
  const mark = writer.open(SPAN)
  writer.hex(TRACE_ID, traceId)
  writer.hex(SPAN_ID, span.spanId)
  if (traceState !== '') writer.text(TRACE_STATE, traceState)
  if (span.parentId !== undefined) writer.hex(PARENT_SPAN_ID, span.parentId)
  writer.text(NAME, span.name)
  // OTLP counts from 1, the API from 0.
  writer.varint(KIND, span.kind + 1)
  writer.time(START, span.startedAt)
  writer.time(END, Math.max(span.startedAt, span.endedAt))
  const dropped =
    span.droppedAttributes + writeAttributes(writer, ATTRIBUTE, span.attributes, limits.attributes, limits)
  if (dropped > 0) writer.varint(DROPPED_ATTRIBUTES, dropped)
  for (const event of span.events) writeEvent(writer, event, limits)
  if (span.droppedEvents > 0) writer.varint(DROPPED_EVENTS, span.droppedEvents)
  if (span.error) {
    const status = writer.open(STATUS)
    writer.varint(STATUS_CODE, ERROR)
    writer.close(status)
  }
  writer.fixed32(FLAGS, remote ? FLAGS_REMOTE : FLAGS_LOCAL)
  writer.close(mark)
}

function writeEvent(writer: ProtoWriter, { name, at, attributes }: SpanEvent, limits: SpanLimits): void {
  const mark = writer.open(EVENT)
  writer.time(0x09, at)
  writer.text(0x12, name)
  const dropped =
    attributes === undefined ? 0 : writeAttributes(writer, 0x1a, attributes, limits.attributesPerEvent, limits)
  if (dropped > 0) writer.varint(0x20, dropped)
  writer.close(mark)
}

/** @returns how many were left out because there are more than `most` */
function writeAttributes(
  writer: ProtoWriter,
  tag: number,
  attributes: Readonly<Record<string, unknown>>,
  most: number,
  { valueLength }: SpanLimits,
): number {
  let count = 0
  for (const key in attributes) {
    const value = attributes[key]
    if (key === '' || !isValue(value)) continue
    if (++count > most) continue
    const mark = writer.open(tag)
    writer.text(0x0a, key)
    writeValue(writer, 0x12, value, valueLength)
    writer.close(mark)
  }
  return Math.max(0, count - most)
}

// A plugin in JavaScript can give anything. Like the SDK, the writer leaves out what is no attribute value.
function isValue(value: unknown): boolean {
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' || Array.isArray(value)
}

/** An `AnyValue`. */
function writeValue(writer: ProtoWriter, tag: number, value: unknown, longest: number): void {
  const mark = writer.open(tag)
  if (typeof value === 'string') writer.text(0x0a, value.length > longest ? value.slice(0, longest) : value)
  else if (typeof value === 'boolean') writer.varint(0x10, value ? 1 : 0)
  else if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) writer.int64(0x18, value)
    else writer.double(0x21, value)
  } else if (Array.isArray(value)) {
    const list = writer.open(0x2a)
    for (const item of value) writeValue(writer, 0x0a, Array.isArray(item) ? undefined : item, longest)
    writer.close(list)
  }
  writer.close(mark)
}

/** What of the SDK's resource and scope goes into each export. */
export interface ExportHead {
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>>; readonly schemaUrl?: string | undefined }
  readonly scope: {
    readonly name: string
    readonly version?: string | undefined
    readonly schemaUrl?: string | undefined
  }
}

const UNBOUNDED: SpanLimits = { attributes: Infinity, valueLength: Infinity, events: 0, attributesPerEvent: 0 }

/** More than resource and scope take as a rule. */
const HEAD_BYTES = 4096

/** An `ExportTraceServiceRequest` around spans that `writeSpan` has written. */
export function exportRequest(writer: ProtoWriter, { resource, scope }: ExportHead, spans: Buffer): Buffer {
  writer.reserve(spans.length + HEAD_BYTES)
  const request = writer.open(0x0a)
  const head = writer.open(0x0a)
  writeAttributes(writer, 0x0a, resource.attributes, Infinity, UNBOUNDED)
  writer.close(head)
  const scopeSpans = writer.open(0x12)
  const name = writer.open(0x0a)
  writer.text(0x0a, scope.name)
  if (scope.version !== undefined && scope.version !== '') writer.text(0x12, scope.version)
  writer.close(name)
  writer.bytes(spans)
  if (scope.schemaUrl !== undefined) writer.text(0x1a, scope.schemaUrl)
  writer.close(scopeSpans)
  if (resource.schemaUrl !== undefined) writer.text(0x1a, resource.schemaUrl)
  writer.close(request)
  return writer.take()
}
