import type { Endpoint } from './endpoint.ts'

/** Names a process-level part that filters may use. */
export interface ServiceKey<T> {
  readonly name: string
  /** Never set; carries the type. */
  readonly type?: T
}

export function defineService<T>(name: string): ServiceKey<T> {
  return { name }
}

/** A process-level part: health checker, token issuer, configuration source, store, embedded server. */
export interface Service {
  readonly name: string
  start(): Promise<void> | void
  /** Resolves when everything it opened is closed. */
  stop(): Promise<void> | void
}

/** What the admin listener tells about the process. */
export interface GatewayStatus {
  readonly version: string
  /** True once every listener is open and until shutdown begins. */
  ready(): boolean
  /** Each named condition and whether it holds. */
  checks(): Record<string, boolean>
  /** The Prometheus exposition and its content type. */
  metrics(): Promise<{ type: string; text: string }>
}

/** Every endpoint of the snapshot being built. Filters that need it are remade when any endpoint changes. */
export const EndpointsKey = defineService<readonly Endpoint[]>('endpoints')
export const GatewayStatusKey = defineService<GatewayStatus>('status')
