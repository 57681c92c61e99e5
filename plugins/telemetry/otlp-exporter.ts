import {
  createOtlpNetworkExportDelegate,
  type IOtlpExportDelegate,
  OTLPExporterBase,
} from '@opentelemetry/otlp-exporter-base'
import { convertLegacyHttpOptions, createOtlpHttpExporterMetrics } from '@opentelemetry/otlp-exporter-base/node-http'
import { convertLegacyOtlpGrpcOptions, createOtlpGrpcExportDelegate } from '@opentelemetry/otlp-grpc-exporter-base'
import { type ISerializer, ProtobufTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer'
import { HttpTransport } from './http-transport.ts'
import { type ExportHead, exportRequest } from './otlp-span.ts'
import { ProtoWriter } from './proto-writer.ts'
import type { SendBatch, SpanBatch } from './span-queue.ts'

type SdkSpans = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0]

/** Exports batches of written spans to an OTLP collector. */
export interface OtlpExporter {
  /** For the SDK, which exports the spans that plugins start; undefined: the SDK makes its own. */
  readonly forSdk: OTLPExporterBase<SdkSpans> | undefined
  /** @param head what stands before the spans; asked for once, when the first batch is sent */
  sender(head: () => Promise<ExportHead>): SendBatch
  /** Ends everything, running exports too. */
  abort(): void
}

/** Longest export, `OTEL_BSP_EXPORT_TIMEOUT`; milliseconds. */
const EXPORT_MS = 30_000
const GRPC_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

/**
 * The exporter for OTLP with protobuf, over HTTP or gRPC, as the library reads the variables; undefined if they name another exporter
 * or another form. To be called while the environment of the process holds them.
 */
export function otlpExporter(variables: Readonly<Record<string, string>>): OtlpExporter | undefined {
  if ((variables.OTEL_TRACES_EXPORTER ?? 'otlp') !== 'otlp') return undefined
  const protocol = variables.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? variables.OTEL_EXPORTER_OTLP_PROTOCOL
  const longest = Number(variables.OTEL_BSP_EXPORT_TIMEOUT)
  const within = (ms: number): number => Math.min(longest > 0 ? longest : EXPORT_MS, ms)
  if (protocol === 'grpc') return overGrpc(within)
  return protocol === undefined || protocol === 'http/protobuf' ? overHttp(within) : undefined
}

function overHttp(within: (ms: number) => number): OtlpExporter {
  const read = convertLegacyHttpOptions({}, 'TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' })
  const options = { ...read, timeoutMillis: within(read.timeoutMillis) }
  const transport = new HttpTransport(options)
  const type = 'otlp_http_span_exporter'
  return {
    forSdk: new OTLPExporterBase(
      createOtlpNetworkExportDelegate(
        options,
        ProtobufTraceSerializer,
        createOtlpHttpExporterMetrics(type, TraceExporterMetricsHelper, options.url, undefined),
        transport,
      ),
    ),
    sender: (head) =>
      senderOf(head, (serializer) =>
        createOtlpNetworkExportDelegate(
          options,
          serializer,
          createOtlpHttpExporterMetrics(type, HELPER, options.url, undefined),
          transport,
        ),
      ),
    abort: () => transport.shutdown(),
  }
}

function overGrpc(within: (ms: number) => number): OtlpExporter {
  const read = convertLegacyOtlpGrpcOptions({}, 'TRACES')
  const options = { ...read, timeoutMillis: within(read.timeoutMillis) }
  let delegate: IOtlpExportDelegate<SpanBatch> | undefined
  return {
    forSdk: undefined,
    sender: (head) =>
      senderOf(head, (serializer) => {
        const type = 'otlp_grpc_span_exporter'
        delegate = createOtlpGrpcExportDelegate(
          options,
          serializer,
          type,
          HELPER,
          undefined,
          'TraceExportService',
          GRPC_PATH,
        )
        return delegate
      }),
    abort: () => void delegate?.shutdown().catch(() => {}),
  }
}

const HELPER = { name: 'span', countItems: (batch: SpanBatch): number => batch.count } as const

type BatchSerializer = ISerializer<SpanBatch, ReturnType<typeof ProtobufTraceSerializer.deserializeResponse>>

function senderOf(
  headOf: () => Promise<ExportHead>,
  delegateOf: (serializer: BatchSerializer) => IOtlpExportDelegate<SpanBatch>,
): SendBatch {
  const writer = new ProtoWriter()
  let head: ExportHead | undefined
  const delegate = delegateOf({
    serializeRequest: ({ bytes }) => exportRequest(writer, head!, bytes),
    deserializeResponse: (data) => ProtobufTraceSerializer.deserializeResponse(data),
  })
  return async (batch) => {
    head ??= await headOf()
    return new Promise((resolve) => {
      delegate.export(batch, ({ error }) => resolve(error === undefined ? undefined : error.message || error.name))
    })
  }
}
