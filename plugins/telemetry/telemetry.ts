import {
  type Clock,
  type Deadline,
  type Logger,
  type Meter,
  startTimer,
  systemClock,
  type Tracing,
} from '../../core/index.ts'
import { withInstanceId } from './instance-id.ts'
import { SECRET_QUERY_KEYS } from './redact.ts'

/** Tracing settings of the YAML. Each is a default: an `OTEL_*` variable that is set wins. */
export interface TelemetrySettings {
  /** Undefined: on if the environment names an exporter or a collector. */
  readonly enabled?: boolean | undefined
  /** Base URL of an OTLP/HTTP collector: `http://localhost:4318`. */
  readonly endpoint?: string | undefined
  /** Share of the traces that begin here and are recorded, 0 to 1. */
  readonly sampleRatio?: number | undefined
  readonly serviceName?: string | undefined
  /** Further query keys whose values stay out of `url.full`. */
  readonly redactQueryKeys?: readonly string[] | undefined
}

export interface TelemetryEnv {
  readonly log: Logger
  readonly clock?: Clock | undefined
  /** Gets the count of spans that were lost. */
  readonly meter?: Meter | undefined
  /** Environment variables; by default those of the process. Only `OTEL_*` are read. */
  readonly variables?: Variables | undefined
  /** Number of this worker; undefined: it is none. */
  readonly worker?: number | undefined
  /** Longest time that `stop` takes, in milliseconds. */
  readonly stopMs?: number | undefined
}

export interface Telemetry {
  readonly tracing: Tracing
  /** Sends the last spans, for at most `stopMs` (default: 3 s). Never rejects. */
  stop(): Promise<void>
}

type Variables = Readonly<Record<string, string | undefined>>

const STOP_MS = 3000

/** Whether tracing is on (OpenTelemetry SDK environment variables; `OTEL_SDK_DISABLED` always wins). */
export function telemetryWanted(settings: TelemetrySettings, variables: Variables): boolean {
  if (set(variables, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false
  const exporter = set(variables, 'OTEL_TRACES_EXPORTER')
  if (exporter === 'none') return false
  if (settings.enabled !== undefined) return settings.enabled
  return [exporter, set(variables, 'OTEL_EXPORTER_OTLP_ENDPOINT'), set(variables, TRACES_ENDPOINT)].some(
    (value) => value !== undefined,
  )
}

/**
 * Starts OpenTelemetry, or returns undefined if tracing is off, without loading the SDK. A collector that cannot be reached costs one
 * log line per minute. There can be one at a time per process.
 */
export async function startTelemetry(settings: TelemetrySettings, env: TelemetryEnv): Promise<Telemetry | undefined> {
  const variables = env.variables ?? process.env
  if (!telemetryWanted(settings, variables)) return undefined
  const warn = (message: string): void => env.log.warn({ source: 'telemetry' }, message)
  const [{ startSdk }, { OtelTracing }, { Ids }, { samplerOf }, { propagatorOf }] = await Promise.all([
    import('./sdk.ts'),
    import('./otel-tracing.ts'),
    import('./ids.ts'),
    import('./sampler.ts'),
    import('./propagation.ts'),
  ])
  const clock = env.clock ?? systemClock
  const ids = new Ids()
  const { sink, limits, shutdown, abort } = startSdk(
    withInstanceId(withDefaults(settings, variables), env.worker),
    ids,
    env.log,
    clock,
    env.meter,
  )
  const tracing = new OtelTracing({
    ids,
    sink,
    limits,
    sampler: samplerOf(
      set(variables, 'OTEL_TRACES_SAMPLER'),
      set(variables, 'OTEL_TRACES_SAMPLER_ARG'),
      settings.sampleRatio,
      warn,
    ),
    propagator: propagatorOf(set(variables, 'OTEL_PROPAGATORS'), warn),
    clock,
    secrets: new Set([...SECRET_QUERY_KEYS, ...(settings.redactQueryKeys ?? [])].map((key) => key.toLowerCase())),
  })
  return { tracing, stop: () => within(env.stopMs ?? STOP_MS, shutdown(), warn).finally(abort) }
}

const TRACES_ENDPOINT = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'

/** Value of a variable; an empty one counts as unset (OpenTelemetry SDK environment variables, "Parsing empty value"). */
function set(variables: Variables, name: string): string | undefined {
  const value = variables[name]?.trim()
  return value === '' ? undefined : value
}

/** The `OTEL_*` variables, with values of the YAML for unset ones. */
function withDefaults(settings: TelemetrySettings, variables: Variables): Record<string, string> {
  const all: Record<string, string> = {}
  for (const name of Object.keys(variables)) {
    const value = name.startsWith('OTEL_') ? set(variables, name) : undefined
    if (value !== undefined) all[name] = value
  }
  const named = all.OTEL_RESOURCE_ATTRIBUTES?.split(',').some((pair) => pair.trim().startsWith('service.name='))
  if (named !== true) all.OTEL_SERVICE_NAME ??= settings.serviceName ?? 'weir'
  if (settings.endpoint !== undefined && all[TRACES_ENDPOINT] === undefined)
    all.OTEL_EXPORTER_OTLP_ENDPOINT ??= settings.endpoint
  return all
}

async function within(ms: number, work: Promise<void>, warn: (message: string) => void): Promise<void> {
  let timer: Deadline | undefined
  const late = new Promise<never>((_, reject) => {
    timer = startTimer(ms, () => reject(new Error(`no response within ${ms} ms`)))
  })
  try {
    await Promise.race([work, late])
  } catch (error) {
    warn(`the last traces could not be sent: ${error instanceof Error ? error.message : 'the export failed'}`)
  } finally {
    timer?.cancel()
  }
}
