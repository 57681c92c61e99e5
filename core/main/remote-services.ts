import { GatewayStatusKey, type ServiceKey } from '../api/service.ts'
import { ConfigControlKey } from '../control/config-control.ts'
import { EndpointControlKey } from '../control/endpoint-control.ts'
import { HealthControlKey } from '../control/health-control.ts'
import type { ServiceCall } from '../fleet/messages.ts'
import { VERSION } from './services.ts'

/** Services that are with the primary, and their methods; each returns a promise of plain data. */
const REMOTE: readonly (readonly [key: ServiceKey<unknown>, methods: readonly string[]])[] = [
  [GatewayStatusKey, ['live', 'ready', 'checks', 'metrics']],
  [ConfigControlKey, ['status', 'reload']],
  [EndpointControlKey, ['list', 'get', 'register', 'change', 'remove', 'enable', 'disable']],
  [HealthControlKey, ['checkNow']],
]

/** The services of a worker: each call of a method goes to the primary. */
export function remoteServices(
  call: (call: ServiceCall) => Promise<unknown>,
): ReadonlyMap<ServiceKey<unknown>, unknown> {
  return new Map(
    REMOTE.map(([key, methods]) => [
      key,
      {
        version: VERSION,
        ...Object.fromEntries(
          methods.map((method) => [method, (...args: unknown[]) => call({ service: key.name, method, args })]),
        ),
      },
    ]),
  )
}

/** Calls a service of this process for a worker. Rejects for what is none. */
export async function callService(
  services: ReadonlyMap<ServiceKey<unknown>, unknown>,
  { service, method, args }: ServiceCall,
): Promise<unknown> {
  const [key] = REMOTE.find(([{ name }, methods]) => name === service && methods.includes(method)) ?? []
  if (key === undefined) throw new Error(`there is no ${method} of the service "${service}"`)
  const found = services.get(key) as Record<string, (...given: readonly unknown[]) => Promise<unknown>>
  return found[method]!(...args)
}
