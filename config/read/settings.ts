import { dirname, resolve } from 'node:path'
import type { Path } from '../../core/control/config-error.ts'
import type { StatisticsSettings } from '../../core/control/statistics.ts'
import type { TokenSettings } from '../../core/control/tokens.ts'
import { type ClientHeaderRules, DEFAULT_CLIENT_HEADERS } from '../../core/http/client-headers.ts'
import { DEFAULT_LIMITS, type DownstreamLimits } from '../../core/http/downstream-limits.ts'
import type { OverloadLimits } from '../../core/http/overload.ts'
import { type AccessLogSettings, DEFAULT_ACCESS_LOG } from '../../core/observe/access-log.ts'
import type { LogFormat } from '../../core/observe/log-output.ts'
import type { LogLevel } from '../../core/observe/root-logger.ts'
import type { Problems } from '../document/problems.ts'
import type { Address } from '../schema/address.ts'
import type { DocumentValues } from '../schema/document-schema.ts'
import { type EndpointCheck, type HealthCheckSettings, readHealthCheck } from './health-check.ts'
import type { ChangeMode, Listeners } from './listeners.ts'
import { readStatisticsSettings } from './statistics-settings.ts'
import { readTokenSettings } from './tokens-settings.ts'

/** The settings of the process; those of filters are not among them. Durations are milliseconds. */
export interface Settings {
  readonly file: string
  /** Folder of the file: relative paths start there. */
  readonly baseDir: string
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly logTime: 'epoch' | 'iso'
  readonly logLevelNames: boolean
  readonly accessLog: AccessLogSettings
  readonly debug: boolean
  /** Addresses and ranges (`10.0.0.0/8`), valid. */
  readonly trustedProxies: readonly string[]
  /** Whether the host that those forward decides about the route. */
  readonly trustForwardedHost: boolean
  readonly clientHeaders: ClientHeaderRules
  readonly downstream: DownstreamLimits
  readonly overload: OverloadLimits
  readonly plugins: readonly { readonly specifier: string; readonly at: Path }[]
  readonly tracing: TracingSettings
  readonly recent: RecentSettings
  /** Undefined: off. */
  readonly explain: ExplainSettings | undefined
  readonly workers: WorkerSettings
  readonly shutdown: { readonly gracePeriodMs: number; readonly timeoutMs: number }
  /** Undefined: off. */
  readonly statistics: StatisticsSettings | undefined
  /** Undefined: the gateway issues no tokens of its own. */
  readonly tokens: TokenSettings | undefined
  readonly admin: { readonly changes: ChangeMode }
  readonly echo: Address | undefined
  readonly healthCheck: HealthCheckSettings | undefined
}

/** How many of the last exchanges each process keeps. */
export interface RecentSettings {
  readonly keep: number
  readonly errors: number
  readonly slow: number
  /** From how long on an exchange is slow. */
  readonly slowerThanMs: number
}

/** Who may have an exchange explained while the gateway runs. */
export interface ExplainSettings {
  readonly header: string
  /** Undefined: only roles count. */
  readonly secret: string | undefined
  readonly roles: readonly string[]
}

/** How many processes carry traffic, and how they run. */
export interface WorkerSettings {
  readonly count: number | 'auto'
  /** A worker whose event loop is silent for this long is killed. */
  readonly timeoutMs: number
  /** Bytes. Undefined: Node's default. */
  readonly maxHeap: number | undefined
}

export interface TracingSettings {
  /** Undefined: not set. */
  readonly enabled: boolean | undefined
  readonly endpoint: string | undefined
  readonly sampleRatio: number | undefined
  readonly serviceName: string | undefined
  /** By id of the endpoint. */
  readonly endpointRatios: Readonly<Record<string, number>>
  readonly trust: 'always' | 'trusted_proxies' | 'never'
  /** Undefined: nothing is kept that was not sampled. */
  readonly keep: { readonly errors: boolean; readonly slowerThanMs: number | undefined } | undefined
  /** Besides those that are always redacted. */
  readonly redactQueryKeys: readonly string[]
}

function readExplain({ explain }: DocumentValues, problems: Problems): ExplainSettings | undefined {
  if (typeof explain !== 'object') return undefined
  const { header, secret, roles = [] } = explain
  if (secret === undefined && roles.length === 0)
    problems.error(['explain'], 'nobody could ask for an explanation: give "secret", "roles" or both')
  return { header, secret, roles }
}

const DEFAULT_RECENT = { keep: 200, errors: 200, slow: 100, slower_than: 1000 }

export function readSettings(
  file: string,
  values: DocumentValues,
  { echo, changes }: Pick<Listeners, 'echo' | 'changes'>,
  checks: ReadonlyMap<string, EndpointCheck>,
  problems: Problems,
): Settings {
  const tracing: Partial<NonNullable<DocumentValues['tracing']>> = values.tracing ?? {}
  const shutdown = values.shutdown ?? { grace_period: 0, timeout: 30_000 }
  return {
    file,
    baseDir: dirname(resolve(file)),
    logLevel: values.log_level ?? 'info',
    logFormat: values.log_format ?? 'auto',
    logTime: values.log_time ?? 'epoch',
    logLevelNames: values.log_level_names ?? false,
    accessLog: readAccessLog(values),
    debug: values.debug ?? false,
    trustedProxies: readTrusted(values, problems),
    trustForwardedHost: values.trust_forwarded_host ?? false,
    clientHeaders: { ...DEFAULT_CLIENT_HEADERS, ...values.client_headers },
    downstream: readDownstream(values),
    overload: {
      maxRequests: values.overload?.max_requests ?? Infinity,
      maxMemory: values.overload?.max_memory ?? Infinity,
      maxLagMs: values.overload?.max_lag ?? Infinity,
    },
    plugins: readPlugins(values, problems),
    tracing: {
      enabled: tracing.enabled,
      endpoint: tracing.endpoint,
      sampleRatio: tracing.sample_ratio,
      serviceName: tracing.service_name,
      endpointRatios: tracing.endpoint_ratios ?? {},
      trust: tracing.trust ?? 'always',
      keep: tracing.keep && { errors: tracing.keep.errors, slowerThanMs: tracing.keep.slower_than },
      redactQueryKeys: tracing.redact_query_keys ?? [],
    },
    recent: readRecent(values),
    explain: readExplain(values, problems),
    workers: readWorkers(values),
    shutdown: { gracePeriodMs: shutdown.grace_period, timeoutMs: shutdown.timeout },
    statistics: readStatisticsSettings(values, file, problems),
    tokens: readTokenSettings(values, file, problems),
    admin: { changes },
    echo,
    healthCheck: readHealthCheck(values.health_check, checks, problems),
  }
}

function readWorkers({ workers }: DocumentValues): WorkerSettings {
  return { count: workers?.count ?? 1, timeoutMs: workers?.timeout ?? 10_000, maxHeap: workers?.max_heap }
}

function readRecent({ recent = DEFAULT_RECENT }: DocumentValues): RecentSettings {
  if (typeof recent !== 'object') return { keep: 0, errors: 0, slow: 0, slowerThanMs: Infinity }
  const { slower_than: slowerThanMs, ...counts } = recent
  return { ...counts, slowerThanMs }
}

function readAccessLog({ access_log: given = true }: DocumentValues): AccessLogSettings {
  if (typeof given === 'boolean') return { ...DEFAULT_ACCESS_LOG, enabled: given }
  const { keep_errors: keepErrors, paths, ...rest } = given
  return { ...DEFAULT_ACCESS_LOG, ...rest, keepErrors, paths: { ...DEFAULT_ACCESS_LOG.paths, ...paths } }
}

function readTrusted(values: DocumentValues, problems: Problems): readonly string[] {
  const ranges = values.trusted_proxies ?? []
  ranges.forEach((range, i) => {
    if (!range.endsWith('/0')) return
    problems.warn(
      ['trusted_proxies', i],
      'this trusts every client to name its own address: list only your own proxies',
    )
  })
  return ranges
}

function readDownstream({ downstream: limits }: DocumentValues): DownstreamLimits {
  if (limits == null) return DEFAULT_LIMITS
  return {
    headersTimeoutMs: limits.headers_timeout,
    idleTimeoutMs: limits.idle_timeout,
    bodyTimeoutMs: limits.body_timeout,
    sendTimeoutMs: limits.send_timeout,
    minRate: limits.min_rate ?? 0,
    maxConnections: limits.max_connections,
    maxConnectionsPerAddress: limits.max_connections_per_address ?? Infinity,
    maxHeadersSize: limits.max_headers_size,
    maxHeadersCount: limits.max_headers_count,
    maxTargetSize: limits.max_target_size,
    upgradeProtocols: limits.upgrade_protocols,
  }
}

function readPlugins(values: DocumentValues, problems: Problems): Settings['plugins'] {
  const first = new Map<string, Path>()
  return (values.plugins ?? []).map((specifier, i) => {
    const at: Path = ['plugins', i]
    const before = first.get(specifier)
    if (before === undefined) first.set(specifier, at)
    else problems.error(at, `the plugin is listed already: ${problems.place(before)}`)
    return { specifier, at }
  })
}
