import { readFileSync } from 'node:fs'
import { type GatewayStatus, GatewayStatusKey, type ServiceKey } from '../api/service.ts'
import { packageFile } from '../base/package-file.ts'
import { ConfigControlKey } from '../control/config-control.ts'
import { EndpointControlKey } from '../control/endpoint-control.ts'
import { HealthControlKey } from '../control/health-control.ts'
import { Metrics } from '../observe/metrics.ts'

const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { readonly version: string }

export const VERSION: string = manifest.version

type Services = ReadonlyMap<ServiceKey<unknown>, unknown>

/**
 * The services that filters may use.
 * @param conditions the conditions of readiness, by name; called for every `/readyz`
 */
export function servicesOf(
  metrics: Metrics,
  conditions: () => Record<string, boolean>,
  controls: readonly (readonly [ServiceKey<unknown>, unknown])[],
): Services {
  const status: GatewayStatus = {
    version: VERSION,
    live: async () => true,
    ready: async () => Object.values(conditions()).every(Boolean),
    checks: async () => conditions(),
    metrics: () => metrics.expose(),
  }
  return new Map<ServiceKey<unknown>, unknown>([[GatewayStatusKey, status], ...controls])
}

/** For commands that create filters and serve nothing. */
export const IDLE_SERVICES: Services = servicesOf(
  new Metrics(),
  () => ({}),
  [ConfigControlKey, EndpointControlKey, HealthControlKey].map((key) => [key as ServiceKey<unknown>, {}] as const),
)
