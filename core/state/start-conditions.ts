import { defineService, type ServiceKey } from '../api/service.ts'
import type { Clock } from '../base/clock.ts'

/** A start waits so long for what filters need; milliseconds. */
const LONGEST_MS = 30_000

/**
 * What filters need before traffic makes sense, such as the keys of an issuer. `/readyz` is 503, and lists it, until each condition has held once, but
 * no longer than 30 s after the start: endpoints that need none of it would be away with it. Later it says nothing: a reload, or an issuer that
 * is away, never takes a running gateway out of traffic. Filters get it by `StartConditionsKey`.
 *
 * ```ts
 * const tenants = new Map<string, string>() // filled by what the filter fetches
 * const withdraw = env.service(StartConditionsKey).add('tenants', () => tenants.size > 0)
 * env.signal.addEventListener('abort', withdraw)
 * ```
 */
export class StartConditions {
  readonly #clock: Clock
  readonly #until: number
  readonly #conditions = new Set<{ readonly name: string; readonly holds: () => boolean }>()
  #over = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#until = clock.now() + LONGEST_MS
  }

  /**
   * Adds a condition, by a name that `/readyz` shows. Several of one name must all hold.
   * @returns withdraws it
   */
  add(name: string, holds: () => boolean): () => void {
    const condition = { name, holds }
    this.#conditions.add(condition)
    return () => void this.#conditions.delete(condition)
  }

  /** @internal Whether each condition holds; none once all have held, or the time is over. */
  check(): Readonly<Record<string, boolean>> {
    if (this.#over) return {}
    const checks: Record<string, boolean> = {}
    for (const { name, holds } of this.#conditions) checks[name] = (checks[name] ?? true) && holds()
    this.#over = this.#clock.now() >= this.#until || Object.values(checks).every(Boolean)
    return this.#over ? {} : checks
  }
}

/**
 * What filters need before traffic makes sense.
 *
 * @example const conditions = env.service(StartConditionsKey)
 */
export const StartConditionsKey: ServiceKey<StartConditions> = defineService('start-conditions')
