import {
  type ContextManager,
  context,
  DiagLogLevel,
  diag,
  SamplingDecision,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { Clock, Logger } from '../../core/index.ts'
import { diagnosticsTo } from './diagnostics.ts'
import type { Ids } from './ids.ts'

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

/**
 * Starts the SDK for traces only. Exporter, batching and limits come from the variables.
 * @param variables all `OTEL_*` variables that count; those of the process are ignored
 */
export function startSdk(
  variables: Readonly<Record<string, string>>,
  ids: Ids,
  log: Logger,
  clock: Clock,
): { tracer: Tracer; shutdown: () => Promise<void> } {
  const logLevel = LEVELS[variables.OTEL_LOG_LEVEL?.toLowerCase() ?? ''] ?? DiagLogLevel.WARN
  diag.setLogger(diagnosticsTo(log, clock), { logLevel, suppressOverrideMessage: true })
  const wanted: Record<string, string> = {
    ...variables,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  }
  // With this variable the SDK would replace the logger above by the console.
  delete wanted.OTEL_LOG_LEVEL
  const sdk = withVariables(wanted, () => {
    const made = new NodeSDK({
      instrumentations: [],
      textMapPropagator: null,
      // Spans are given their parents, so no context need follow promises and callbacks.
      contextManager: null as unknown as ContextManager,
      sampler: {
        shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED }),
        toString: () => 'decided by the gateway',
      },
      idGenerator: ids,
    })
    made.start()
    return made
  })
  return {
    tracer: trace.getTracer('weir'),
    shutdown: async () => {
      try {
        await sdk.shutdown()
      } finally {
        trace.disable()
        context.disable()
        diag.disable()
      }
    },
  }
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
