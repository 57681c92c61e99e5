import { EndpointEditor } from '../../config/edit/editor.ts'
import type { MemoryChanges } from '../../config/edit/memory-changes.ts'
import type { Reloader } from '../../config/live/reloader.ts'
import type { HealthChecker } from '../../plugins/health/health-checker.ts'
import type { Awaitable } from '../api/attempt.ts'
import type { ServiceKey } from '../api/service.ts'
import type { Clock } from '../base/clock.ts'
import { ConfigControlKey, type LoadTrigger } from '../control/config-control.ts'
import type { ConfigSource } from '../control/config-source.ts'
import { EndpointControlKey } from '../control/endpoint-control.ts'
import { HealthControlKey } from '../control/health-control.ts'
import type { Reports } from '../control/reports.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { RootLogger } from '../observe/root-logger.ts'
import type { EndpointRegistry } from '../state/registry.ts'
import { operateBreakers } from './breaker-operation.ts'
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
  readonly reloader: () => Reloader
  readonly health: () => HealthChecker
  /** The conditions of readiness, by name. */
  readonly conditions: () => Awaitable<Readonly<Record<string, boolean>>>
  /** Of all processes that serve endpoints. */
  readonly reports: Reports
  readonly workers: Workers | undefined
  /** Services beside the gateway's own. */
  readonly more: readonly (readonly [ServiceKey<unknown>, unknown])[]
}

/** The services by which admin filters show and change the gateway with all of its processes. */
export function adminServices(parts: AdminParts): ReadonlyMap<ServiceKey<unknown>, unknown> {
  const { reloader, health, workers, metrics } = parts
  metrics.register({
    name: 'weir_config_info',
    help: 'The version of the configuration that runs, a digest of its documents.',
    type: 'gauge',
    collect: () => [{ labels: { version: reloader().live.version }, value: 1 }],
  })
  return servicesOf(statusOf(metrics, parts.conditions, workers?.fleet), [
    [
      ConfigControlKey,
      { status: () => reloader().status(), reload: (trigger: LoadTrigger) => reloader().reload(trigger) },
    ],
    [EndpointControlKey, editorOf(parts)],
    [HealthControlKey, { checkNow: (endpoint?: string) => health().checkNow(endpoint) }],
    ...parts.more,
  ])
}

function editorOf({ source, loader, reloader, registry, workers, logger, metrics, clock }: AdminParts): EndpointEditor {
  return new EndpointEditor({
    source,
    loader,
    reloader,
    registry,
    activity: workers && (() => workers.activity()),
    operateBreakers: async (operation) =>
      workers === undefined ? operateBreakers(registry(), operation) : workers.operateBreakers(operation),
    log: logger,
    meter: metrics,
    clock,
  })
}
