import { EndpointEditor } from '../../config/edit/editor.ts'
import type { MemoryChanges } from '../../config/edit/memory-changes.ts'
import type { Reloader } from '../../config/live/reloader.ts'
import type { HealthChecker } from '../../plugins/health/health-checker.ts'
import { AllRecent } from '../../plugins/recent/all-recent.ts'
import type { GatewayStatistics } from '../../plugins/statistics/gateway-statistics.ts'
import type { Counted } from '../../plugins/statistics/step-counters.ts'
import type { Awaitable } from '../api/attempt.ts'
import type { ServiceKey } from '../api/service.ts'
import type { Clock } from '../base/clock.ts'
import type { Catalog } from '../build/catalog.ts'
import { ConfigControlKey } from '../control/config-control.ts'
import type { Problem } from '../control/config-error.ts'
import type { ConfigSource } from '../control/config-source.ts'
import { EndpointControlKey } from '../control/endpoint-control.ts'
import { HealthControlKey } from '../control/health-control.ts'
import { type LogControl, LogControlKey } from '../control/log-control.ts'
import { RecentExchangesKey } from '../control/recent-exchanges.ts'
import type { Reports } from '../control/reports.ts'
import { RouterControlKey } from '../control/router-control.ts'
import { type Statistics, StatisticsKey } from '../control/statistics.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import { operateBreakers } from './breaker-operation.ts'
import { ConfigService } from './config-service.ts'
import { CHECK_DOCUMENT, type DocumentPart, problemsOf, SCHEMA, schemaOf } from './document-reports.ts'
import type { Gateway } from './gateway.ts'
import { LOG_LEVELS } from './log-levels.ts'
import type { OwnServices } from './own-services.ts'
import { StatisticsIntakeKey } from './remote-services.ts'
import { RouterService } from './router-service.ts'
import { servicesOf, statusOf } from './services.ts'
import type { Workers } from './workers.ts'

/** What the services are made of. Functions give what is there later, or what reloads replace. */
export interface AdminParts {
  readonly source: ConfigSource
  readonly loader: MemoryChanges
  readonly logger: RootLogger
  readonly metrics: Metrics
  readonly clock: Clock
  readonly registry: () => EndpointRegistry
  /** Files that the filters of all processes have read, by absolute path. */
  readonly files: () => Iterable<string>
  /** The filters that a configuration may use in this process. */
  readonly catalogOf: (config: DocumentPart) => Promise<Catalog>
  readonly gateway: () => Gateway
  readonly reloader: () => Reloader
  readonly health: () => HealthChecker
  readonly statistics: () => GatewayStatistics
  /** The conditions of readiness, by name. */
  readonly conditions: () => Awaitable<Readonly<Record<string, boolean>>>
  /** Of all processes that serve endpoints. */
  readonly reports: Reports
  readonly workers: Workers | undefined
  readonly own: OwnServices
  /** Services beside the gateway's own. */
  readonly more: readonly (readonly [ServiceKey<unknown>, unknown])[]
}

/** How long a worker may take to check a document; milliseconds. */
const WORKER_MS = 10_000

/** The services by which admin filters show and change the gateway with all of its processes. */
export function adminServices(parts: AdminParts): ReadonlyMap<ServiceKey<unknown>, unknown> {
  const { reloader, health, statistics, workers, metrics, own } = parts
  metrics.register({
    name: 'weir_config_info',
    help: 'The version of the configuration that runs, a digest of its documents.',
    type: 'gauge',
    collect: () => [{ labels: { version: reloader().live.version }, value: 1 }],
  })
  return servicesOf(statusOf(metrics, parts.conditions, workers?.fleet), [
    [ConfigControlKey, configOf(parts)],
    [EndpointControlKey, editorOf(parts)],
    [HealthControlKey, { checkNow: (endpoint?: string) => health().checkNow(endpoint) }],
    [RecentExchangesKey, recentOf(parts)],
    [
      StatisticsKey,
      {
        summary: (...given) => statistics().service.summary(...given),
        summaries: (...given) => statistics().service.summaries(...given),
        history: (...given) => statistics().service.history(...given),
      } satisfies Statistics,
    ],
    [StatisticsIntakeKey, { take: (counted: Counted) => statistics().take(counted) }],
    [LogControlKey, logControl(parts)],
    [RouterControlKey, new RouterService({ live: () => reloader().live, gateway: parts.gateway, workers })],
    ...own.byKey,
    ...parts.more,
  ])
}

/** Lines are those of the documents that run now: an exchange from before has none. */
function recentOf({ reports, reloader }: AdminParts): AllRecent {
  return new AllRecent(reports, async (at) => {
    const { document } = reloader().live
    const { loaded_at } = await reloader().status()
    return (path) => {
      const { file, line } = document.place({ path, message: '' })
      return { file, line: at < loaded_at ? null : (line ?? null) }
    }
  })
}

function configOf({ reloader, gateway, workers, files, catalogOf }: AdminParts): ConfigService {
  return new ConfigService({
    reloader,
    files,
    problemsOf: async (part) => {
      if (workers === undefined) return problemsOf(part, catalogOf)
      const found = (await workers.reportOfOne(CHECK_DOCUMENT, part, WORKER_MS)) as readonly Problem[] | undefined
      if (found === undefined) throw new Error('no worker answers, which has the plugins: try again')
      return found
    },
    schema: async () => {
      const found = await workers?.reportOfOne(SCHEMA, undefined, WORKER_MS)
      return (found as Readonly<Record<string, unknown>> | undefined) ?? schemaOf(gateway().catalog)
    },
  })
}

function logControl({ own: { levels }, workers, logger }: AdminParts): LogControl {
  return {
    status: async () => levels.status,
    async setLevel(level) {
      if (!LOG_LEVELS.includes(level)) return levels.status
      // Before it is quiet, or when it talks: the line must not fall to the change itself.
      const quieter = LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(levels.status.level)
      if (!quieter) levels.choose(level)
      logger.warn({ log_level: level, configured: levels.status.configured }, `the level of the log is "${level}" now`)
      if (quieter) levels.choose(level)
      await workers?.setLogLevel(level)
      return levels.status
    },
  }
}

function editorOf(parts: AdminParts): EndpointEditor {
  const { source, loader, reloader, registry, files, workers, logger, metrics, clock } = parts
  return new EndpointEditor({
    source,
    loader,
    reloader,
    registry,
    files,
    activity: workers && (() => workers.activity()),
    operateBreakers: async (operation) =>
      workers === undefined ? operateBreakers(registry(), operation) : workers.operateBreakers(operation),
    log: logger,
    meter: metrics,
    clock,
  })
}
