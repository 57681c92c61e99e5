import type { Logger } from '../api/logger.ts'
import { defineService, type ServiceKey } from '../api/service.ts'
import type { LoadTrigger } from './config-control.ts'
import { EventListeners, FOR_INSTANCE, type ForInstance } from './event-listeners.ts'

/** Ids of endpoints that differ between two configurations. Plain data. */
export interface ChangedEndpoints {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Those whose own entry means something else; a change of the chain or of a group's default is none. */
  readonly changed: readonly string[]
}

/** Another configuration runs. Plain data. */
export interface ReloadEvent {
  /** Of the configuration that runs now. */
  readonly version: string
  /** When this process began to run it; milliseconds since the Unix epoch. */
  readonly at: number
  readonly trigger: LoadTrigger
  readonly changed: ChangedEndpoints
}

/**
 * Tells filters and plugins of reloads, in every process that runs them.
 *
 * ```ts
 * export default defineFilter({
 *   name: 'tenant-cache',
 *   apiVersion: 1,
 *   needs: [ConfigKey],
 *   create: (_options, env) => {
 *     const cache = new Map<string, string>()
 *     env.service(ConfigKey).onReload(({ changed }) => {
 *       for (const id of [...changed.removed, ...changed.changed]) cache.delete(id)
 *     })
 *     return {}
 *   },
 * })
 * ```
 */
export interface ConfigEvents {
  /**
   * Version of the configuration that this process runs: 12 hex digits. During the `create` of a load it is that of before; of the first
   * load its own. An edit that changes no meaning leaves it as it is.
   */
  version(): string
  /**
   * Calls `listener` after each reload that has changed something, once the new configuration serves requests in this process; never for
   * the first load. What it throws, or rejects with, is logged. It is called synchronously, and must not block. A listener that an
   * instance of a filter adds is removed when that instance is disposed, up to a minute after the reload that replaces it.
   * @returns a function that removes it
   */
  onReload(listener: (event: ReloadEvent) => void): () => void
}

/** The reloads of this process. */
export class OwnConfigEvents implements ConfigEvents, ForInstance<ConfigEvents> {
  readonly #listeners: EventListeners<ReloadEvent>
  #version = ''

  constructor(log: Logger) {
    this.#listeners = new EventListeners(log, 'a listener of reloads')
  }

  /** Number of listeners. */
  get size(): number {
    return this.#listeners.size
  }

  version(): string {
    return this.#version
  }

  onReload(listener: (event: ReloadEvent) => void): () => void {
    return this.#listeners.add(listener)
  }

  [FOR_INSTANCE](signal: AbortSignal): ConfigEvents {
    return {
      version: () => this.#version,
      onReload: (listener) => this.#listeners.add(listener, signal),
    }
  }

  /** The first configuration is about to be built. */
  starting(version: string): void {
    this.#version = version
  }

  /** Another configuration runs. */
  reloaded(event: ReloadEvent): void {
    this.#version = event.version
    this.#listeners.tell(event)
  }
}

/**
 * The reloads.
 *
 * @example const running = env.service(ConfigKey).version()
 */
export const ConfigKey: ServiceKey<ConfigEvents> = defineService('config-events')
