import type { Endpoint } from './endpoint.ts'

/** The typed name of a process-level part that filters may use: see `defineService`. */
export interface ServiceKey<T> {
  readonly name: string
  /** Never set; carries the type. */
  readonly type?: T
}

/**
 * Defines the key of a service. Whoever starts the gateway, Weir itself or a test, provides the service under its key; a filter
 * names the key in `needs` and asks for the service in `create`. Keys are compared by identity: export each from one module.
 *
 * ```ts
 * export const TenantsKey = defineService<Tenants>('tenants')
 * export default defineFilter({
 *   name: 'tenant',
 *   apiVersion: 1,
 *   needs: [TenantsKey],
 *   create: (_options, env) => new TenantFilter(env.service(TenantsKey)),
 * })
 * ```
 * @param name kebab case, as messages show it
 */
export function defineService<T>(name: string): ServiceKey<T> {
  return { name }
}

/**
 * A part of the process with a life of its own: a health checker, a token issuer, a configuration source, a store, an embedded
 * server.
 *
 * ```ts
 * class Tenants implements Service {
 *   readonly name = 'tenants'
 *   async start() {}
 *   async stop() {}
 * }
 * ```
 */
export interface Service {
  readonly name: string
  /** Called once. Rejects if the service can't run. */
  start(): Promise<void> | void
  /** Called once, after `start`. Resolves when everything that the service opened is closed. */
  stop(): Promise<void> | void
}

/**
 * State of the gateway, with all of its processes; for admin filters. No method rejects.
 *
 * ```ts
 * if (!(await status.ready()))
 *   return reply(503, 'not_ready', { headers: { 'Retry-After': '1' }, extra: await status.checks() })
 * ```
 */
export interface GatewayStatus {
  /** Version of Weir. */
  readonly version: string
  /** False if nothing serves requests any more, and only a restart helps. */
  live(): Promise<boolean>
  /** True if every condition of `checks` holds: all listeners are open, and shutdown has not begun. */
  ready(): Promise<boolean>
  /** The conditions of readiness by name, and whether each holds. */
  checks(): Promise<Readonly<Record<string, boolean>>>
  /**
   * All metrics with their content type, as pieces of bytes: in the Prometheus text format, or, where `accept` names it, in that of OpenMetrics, which has
   * exemplars.
   * @param accept the field `Accept` of the scraper
   */
  metrics(accept?: string): Promise<{ readonly type: string; readonly content: readonly Uint8Array[] }>
}

/**
 * All endpoints of the configuration that is being loaded, in its order. A filter that needs them is created anew when any
 * endpoint changes.
 *
 * @example const names = env.service(EndpointsKey).map(({ name }) => name)
 */
export const EndpointsKey: ServiceKey<readonly Endpoint[]> = defineService('endpoints')

/**
 * Readiness, version and metrics.
 *
 * @example const status = env.service(GatewayStatusKey)
 */
export const GatewayStatusKey: ServiceKey<GatewayStatus> = defineService('status')
