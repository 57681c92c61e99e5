import type { Logger } from '../api/logger.ts'
import { isThenable } from '../base/thenable.ts'

/** Functions that are told of events. */
export class EventListeners<E> {
  readonly #log: Logger
  readonly #what: string
  readonly #all = new Set<{ readonly listener: (event: E) => unknown }>()

  /** @param what whose listeners they are, for the log: `a listener of reloads` */
  constructor(log: Logger, what: string) {
    this.#log = log
    this.#what = what
  }

  get size(): number {
    return this.#all.size
  }

  /**
   * Adds a listener. A function that is added twice is called twice.
   * @param signal removes it when it aborts
   * @returns a function that removes it
   */
  add(listener: (event: E) => unknown, signal?: AbortSignal): () => void {
    if (signal?.aborted === true) return () => {}
    const added = { listener }
    this.#all.add(added)
    const remove = (): void => {
      this.#all.delete(added)
      signal?.removeEventListener('abort', remove)
    }
    signal?.addEventListener('abort', remove, { once: true })
    return remove
  }

  /** Calls all of them. What one throws, or rejects with, is logged. */
  tell(event: E): void {
    const failed = (error: unknown): void => this.#log.error({ err: error, event }, `${this.#what} failed`)
    for (const { listener } of [...this.#all]) {
      try {
        const result = listener(event)
        if (isThenable(result)) void Promise.resolve(result).catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }
}

/** The key of the method by which a service gives a filter's instance what ends with that instance. */
export const FOR_INSTANCE: unique symbol = Symbol('weir.for-instance')

/** A service that knows which instance uses it. */
export interface ForInstance<T> {
  /** @param signal aborts when the instance is disposed */
  [FOR_INSTANCE](signal: AbortSignal): T
}

/** What an instance gets of a service. */
export function forInstance<T>(service: T, signal: AbortSignal): T {
  if (typeof service !== 'object' || service === null || !(FOR_INSTANCE in service)) return service
  return (service as ForInstance<T>)[FOR_INSTANCE](signal)
}
