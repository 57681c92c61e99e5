import { readFileSync } from 'node:fs'
import type { Awaitable } from '../api/attempt.ts'
import { silentLogger } from '../api/logger.ts'
import { type GatewayStatus, GatewayStatusKey, type ServiceKey } from '../api/service.ts'
import { packageFile } from '../base/package-file.ts'
import { ConfigControlKey } from '../control/config-control.ts'
import { EndpointControlKey } from '../control/endpoint-control.ts'
import { HealthControlKey } from '../control/health-control.ts'
import { LogControlKey } from '../control/log-control.ts'
import { RecentExchangesKey } from '../control/recent-exchanges.ts'
import { RouterControlKey } from '../control/router-control.ts'
import { StatisticsKey } from '../control/statistics.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { Metrics } from '../observe/metrics.ts'
import { FleetMetrics } from './fleet-metrics.ts'
import { OwnServices } from './own-services.ts'

const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { readonly version: string }

export const VERSION: string = manifest.version

type Services = ReadonlyMap<ServiceKey<unknown>, unknown>

/** The services that filters may use. */
export const servicesOf = (
  status: GatewayStatus,
  controls: readonly (readonly [ServiceKey<unknown>, unknown])[],
): Services => new Map<ServiceKey<unknown>, unknown>([[GatewayStatusKey, status], ...controls])

/**
 * The state of the gateway, with its workers, if there are any.
 * @param conditions the conditions of readiness, by name; called for every `/readyz`
 */
export function statusOf(
  metrics: Metrics,
  conditions: () => Awaitable<Readonly<Record<string, boolean>>>,
  fleet?: Fleet<unknown>,
): GatewayStatus {
  const reports = fleet && new FleetMetrics(fleet, metrics)
  return {
    version: VERSION,
    live: async () => fleet === undefined || (await fleet.ask({ kind: 'live' })).size > 0,
    ready: async () => Object.values(await conditions()).every(Boolean),
    checks: async () => conditions(),
    metrics: (accept) => (reports ?? metrics).expose(accept),
  }
}

/** For commands that create filters and serve nothing. */
export const IDLE_SERVICES: Services = servicesOf(
  statusOf(new Metrics(), () => ({})),
  [
    ...new OwnServices(silentLogger).byKey,
    ...[
      ConfigControlKey,
      EndpointControlKey,
      HealthControlKey,
      LogControlKey,
      RouterControlKey,
      StatisticsKey,
      RecentExchangesKey,
    ].map((key) => [key as ServiceKey<unknown>, {}] as const),
  ],
)
