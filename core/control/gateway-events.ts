import { defineService, type ServiceKey } from '../api/service.ts'
import type { RegistryEvent } from '../state/registry-event.ts'
import type { LoadTrigger } from './config-control.ts'

/** Something that happened to the gateway as a whole: of its endpoints, of its configuration, of its workers. Plain data. */
export type GatewayEvent =
  | RegistryEvent
  | {
      readonly type: 'config_applied' | 'config_failed'
      /** Milliseconds since the Unix epoch. */
      readonly at: number
      readonly trigger: LoadTrigger
      /** Of the configuration that runs now. */
      readonly version: string
      /** Number of problems. */
      readonly problems: number
    }
  | { readonly type: 'worker_started' | 'worker_ended'; readonly at: number; readonly worker: number }

/**
 * Tells of events, in the order in which they happen; for admin filters.
 *
 * @example env.service(GatewayEventsKey).subscribe(({ type }) => env.log.info({ type }, 'something happened'))
 */
export interface GatewayEvents {
  /**
   * Calls `listener` for each event from now on; what it throws is logged. It is called synchronously, and must not wait.
   * @returns a function that ends it
   */
  subscribe(listener: (event: GatewayEvent) => void): () => void
}

/**
 * The events of the gateway.
 *
 * @example const unsubscribe = env.service(GatewayEventsKey).subscribe(({ type }) => env.log.debug({ type }, 'event'))
 */
export const GatewayEventsKey: ServiceKey<GatewayEvents> = defineService('events')
