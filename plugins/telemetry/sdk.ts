import { type ContextManager, context, DiagLogLevel, diag, SamplingDecision, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { Clock, Logger, Meter } from '../../core/index.ts'
import { diagnosticsTo } from './diagnostics.ts'
import type { Ids } from './ids.ts'
import { type OtlpExporter, otlpExporter } from './otlp-exporter.ts'
import type { ExportHead } from './otlp-span.ts'
import { SdkSink } from './sdk-sink.ts'
import { type SpanLimits, spanLimitsOf } from './span-limits.ts'
import { queueLimitsOf, SpanQueue } from './span-queue.ts'
import type { TraceSink } from './span-record.ts'

/** Values of `OTEL_LOG_LEVEL`. */
const LEVELS: Readonly<Record<string, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
}

export interface StartedSdk {
  readonly sink: TraceSink
  readonly limits: SpanLimits
  /** Sends the last spans. */
  shutdown(): Promise<void>
  /** Ends exports that still run. */
  abort(): void
}

/**
 * Starts the SDK for traces only. Exporter, batching and limits come from the variables. Spans of exchanges go to an OTLP collector
 * past the SDK's spans and exporters, which cost several microseconds per span; other exporters get them from the SDK, as they
 * get the spans that plugins start.
 * @param variables all `OTEL_*` variables that count; those of the process are ignored
 */
export function startSdk(
  variables: Readonly<Record<string, string>>,
  ids: Ids,
  log: Logger,
  clock: Clock,
  meter?: Meter,
): StartedSdk {
  const logLevel = LEVELS[variables.OTEL_LOG_LEVEL?.toLowerCase() ?? ''] ?? DiagLogLevel.WARN
  diag.setLogger(diagnosticsTo(log, clock), { logLevel, suppressOverrideMessage: true })
  const wanted: Record<string, string> = {
    ...variables,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  }
  // With this variable the SDK would replace the logger above by the console.
  delete wanted.OTEL_LOG_LEVEL
  const { sdk, exporter } = withVariables(wanted, () => {
    const exporter = otlpExporter(wanted)
    const sdk = nodeSdk(ids, exporter)
    sdk.start()
    return { sdk, exporter }
  })
  const limits = spanLimitsOf(variables)
  const queue =
    exporter &&
    new SpanQueue({ limits: queueLimitsOf(variables), spanLimits: limits, send: exporter.sender(headOfExports), meter })
  return {
    sink: queue ?? new SdkSink(trace.getTracer(SCOPE), ids),
    limits,
    shutdown: async () => {
      try {
        await queue?.close()
        await sdk.shutdown()
      } finally {
        trace.disable()
        context.disable()
        diag.disable()
      }
    },
    abort: () => exporter?.abort(),
  }
}

const SCOPE = 'weir'

function nodeSdk(ids: Ids, exporter: OtlpExporter | undefined): NodeSDK {
  return new NodeSDK({
    instrumentations: [],
    textMapPropagator: null,
    // Spans are given their parents, so no context need follow promises and callbacks.
    contextManager: null as unknown as ContextManager,
    sampler: {
      shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }),
      toString: () => 'decided by the gateway',
    },
    idGenerator: ids,
    ...(exporter?.forSdk === undefined ? {} : { traceExporter: exporter.forSdk }),
  })
}

/** Resource and scope. The SDK shows them on a span alone: this one never ends, so it is never exported. */
async function headOfExports(): Promise<ExportHead> {
  const span = trace.getTracer(SCOPE).startSpan('resource') as unknown as {
    readonly resource: ExportHead['resource'] & { waitForAsyncAttributes?(): Promise<void> }
    readonly instrumentationScope: ExportHead['scope']
  }
  await span.resource.waitForAsyncAttributes?.()
  return { resource: span.resource, scope: span.instrumentationScope }
}

/**
 * Runs `fn` with exactly these `OTEL_*` variables in the environment of the process, where alone the SDK reads them, and restores the
 * environment. Synchronous, so that no other code sees the change.
 */
function withVariables<T>(variables: Readonly<Record<string, string>>, fn: () => T): T {
  const before = Object.entries(process.env).filter(([name]) => name.startsWith('OTEL_'))
  const clear = (): void => {
    for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name]
  }
  clear()
  Object.assign(process.env, variables)
  try {
    return fn()
  } finally {
    clear()
    Object.assign(process.env, Object.fromEntries(before))
  }
}
