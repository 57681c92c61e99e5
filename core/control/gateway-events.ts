import type { Logger } from '../api/logger.ts'
import { defineService, type ServiceKey } from '../api/service.ts'
import type { RegistryEvent } from '../state/registry-event.ts'
import type { LoadTrigger } from './config-control.ts'
import { EventListeners, FOR_INSTANCE, type ForInstance } from './event-listeners.ts'

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
 * Tells of events, in the order in which they happen; for admin filters. The admin listener learns what happens in any worker, and what
 * happens to workers and to the configuration: `config_applied` also once at the start, and nothing for a load that changes no meaning. A
 * filter in a worker, on the proxy listener, gets the events of endpoints as that worker knows them, and no others.
 *
 * @example env.service(GatewayEventsKey).subscribe(({ type }) => env.log.info({ type }, 'something happened'))
 */
export interface GatewayEvents {
  /**
   * Calls `listener` for each event from now on; what it throws is logged. It is called synchronously, and must not wait. A listener that
   * an instance of a filter adds is removed when that instance is disposed.
   * @returns a function that ends it
   */
  subscribe(listener: (event: GatewayEvent) => void): () => void
}

/** The events that this process knows of. */
export class OwnGatewayEvents implements GatewayEvents, ForInstance<GatewayEvents> {
  readonly #listeners: EventListeners<GatewayEvent>

  constructor(log: Logger) {
    this.#listeners = new EventListeners(log, 'a subscriber of events')
  }

  /** Number of subscribers. */
  get size(): number {
    return this.#listeners.size
  }

  subscribe(listener: (event: GatewayEvent) => void): () => void {
    return this.#listeners.add(listener)
  }

  [FOR_INSTANCE](signal: AbortSignal): GatewayEvents {
    return { subscribe: (listener) => this.#listeners.add(listener, signal) }
  }

  emit(event: GatewayEvent): void {
    this.#listeners.tell(event)
  }
}

/**
 * The events of the gateway.
 *
 * @example const unsubscribe = env.service(GatewayEventsKey).subscribe(({ type }) => env.log.debug({ type }, 'event'))
 */
export const GatewayEventsKey: ServiceKey<GatewayEvents> = defineService('events')
