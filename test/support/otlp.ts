import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'

type Plain = string | number | boolean
type Attributes = Readonly<Record<string, Plain | readonly Plain[]>>

/** A span as it came over the wire. */
export interface ExportedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  /** `SERVER`, `CLIENT`, `INTERNAL`. */
  readonly kind: string
  readonly startNano: bigint
  readonly endNano: bigint
  readonly attributes: Attributes
  /** `UNSET`, `OK`, `ERROR`. */
  readonly status: string
  readonly droppedAttributes: number
  readonly events: readonly ExportedEvent[]
  readonly droppedEvents: number
  readonly flags: number
  readonly resource: Attributes
  readonly scope: string
}

interface ExportedEvent {
  readonly name: string
  readonly nano: bigint
  readonly attributes: Attributes
  readonly droppedAttributes: number
}

interface Value {
  stringValue?: string
  boolValue?: boolean
  intValue?: string
  doubleValue?: number
  arrayValue?: { values?: Value[] }
}

interface KeyValue {
  key: string
  value?: Value
}

interface Export {
  resourceSpans?: {
    resource?: { attributes?: KeyValue[] }
    scopeSpans?: { scope?: { name?: string }; spans?: RawSpan[] }[]
  }[]
}

interface RawSpan {
  traceId: Buffer
  spanId: Buffer
  parentSpanId?: Buffer
  traceState?: string
  name: string
  kind: string
  startTimeUnixNano?: string
  endTimeUnixNano?: string
  attributes?: KeyValue[]
  droppedAttributesCount?: number
  events?: { timeUnixNano?: string; name: string; attributes?: KeyValue[]; droppedAttributesCount?: number }[]
  droppedEventsCount?: number
  status?: { code?: string }
  flags?: number
}

const TYPE = protobuf
  .loadSync(fileURLToPath(new URL('otlp.proto', import.meta.url)))
  .lookupType('otlp.ExportTraceServiceRequest')

/** The spans of an `ExportTraceServiceRequest`. */
export function decodeExport(bytes: Uint8Array): ExportedSpan[] {
  const message = TYPE.toObject(TYPE.decode(bytes), { longs: String, enums: String, bytes: Buffer }) as Export
  return (message.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) =>
    (scopeSpans ?? []).flatMap(({ scope, spans }) =>
      (spans ?? []).map((span) => exported(span, plain(resource?.attributes), scope?.name ?? '')),
    ),
  )
}

/** A collector on a real socket that keeps what is exported to it by OTLP/HTTP with protobuf. */
export class OtlpCollector {
  readonly spans: ExportedSpan[] = []
  /** Header fields and path of each export. */
  readonly exports: { path: string; headers: Readonly<Record<string, unknown>> }[] = []
  /** Called after each export that was kept. */
  onExport: (() => void) | undefined
  /** Answer given to exports. */
  status = 200
  /** Header fields of responses. */
  fields: Readonly<Record<string, string>> = {}
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const bytes = Buffer.concat(chunks)
      this.exports.push({ path: request.url ?? '', headers: request.headers })
      if (this.status === 200)
        this.spans.push(...decodeExport(request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes))
      response.writeHead(this.status, { 'Content-Type': 'application/x-protobuf', ...this.fields }).end()
      this.onExport?.()
    })
  })

  /** Base URL, without a path. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** Resolves once that many spans are there; rejects after `ms`. */
  async waitFor(count: number, ms = 10_000): Promise<readonly ExportedSpan[]> {
    if (this.spans.length >= count) return this.spans
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error(`${this.spans.length} of ${count} spans after ${ms} ms`)), ms)
    this.onExport = () => {
      if (this.spans.length >= count) resolve()
    }
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.onExport = undefined
    }
    return this.spans
  }
}

function exported(span: RawSpan, resource: Attributes, scope: string): ExportedSpan {
  return {
    traceId: span.traceId.toString('hex'),
    spanId: span.spanId.toString('hex'),
    parentSpanId: span.parentSpanId?.toString('hex') ?? '',
    traceState: span.traceState ?? '',
    name: span.name,
    kind: span.kind.replace('SPAN_KIND_', ''),
    startNano: BigInt(span.startTimeUnixNano ?? 0),
    endNano: BigInt(span.endTimeUnixNano ?? 0),
    attributes: plain(span.attributes),
    status: (span.status?.code ?? 'STATUS_CODE_UNSET').replace('STATUS_CODE_', ''),
    droppedAttributes: span.droppedAttributesCount ?? 0,
    events: (span.events ?? []).map(({ name, timeUnixNano, attributes, droppedAttributesCount = 0 }) => ({
      name,
      nano: BigInt(timeUnixNano ?? 0),
      attributes: plain(attributes),
      droppedAttributes: droppedAttributesCount,
    })),
    droppedEvents: span.droppedEventsCount ?? 0,
    flags: span.flags ?? 0,
    resource,
    scope,
  }
}

function plain(list: readonly KeyValue[] = []): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, plainValue(value)]))
}

function plainValue(value: Value = {}): Plain | readonly Plain[] {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map((item) => plainValue(item) as Plain)
  return stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? '' : Number(intValue))
}
