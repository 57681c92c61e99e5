import type {
  Clock,
  EndpointRegistry,
  HealthCheck,
  HealthCheckResult,
  HealthControl,
  Meter,
  Sample,
  Service,
  TargetState,
  TimerWheel,
} from '../../core/index.ts'
import { CheckConcurrency } from './check-concurrency.ts'
import { type CheckerParts, TargetChecker } from './target-checker.ts'

/** Largest number of concurrent checks, of all endpoints together. */
const AT_ONCE = 64

/** Checks the targets of all endpoints that configure it, at intervals, and reports their health to the registry. */
export class HealthChecker implements Service, HealthControl {
  readonly name = 'health'
  readonly #parts: CheckerParts
  readonly #meter: Meter
  #checkers: ReadonlyMap<TargetState, TargetChecker> = new Map()
  #unregister: (() => void) | undefined
  #stopped = false

  /**
   * @param parts.random from 0 to below 1
   * @param parts.atOnce largest number of concurrent checks; endpoints take turns
   */
  constructor(parts: {
    readonly registry: EndpointRegistry
    readonly timers: TimerWheel
    readonly clock: Clock
    readonly meter: Meter
    readonly random?: () => number
    readonly atOnce?: number
  }) {
    const { registry, timers, clock, meter, random = Math.random, atOnce = AT_ONCE } = parts
    this.#parts = { registry, timers, clock, concurrency: new CheckConcurrency(atOnce), random }
    this.#meter = meter
  }

  start(): void {
    this.#unregister = this.#meter.register({
      name: 'weir_health_checks_total',
      help: 'Health checks of a target, by whether they passed or failed.',
      type: 'counter',
      collect: () => this.#samples(),
    })
  }

  /**
   * Checks the endpoints that the registry has now, and no others. Targets from before keep their health, and their schedule unless
   * their check has changed. A target that is no longer checked becomes `unknown`.
   * @param checkOf check of an endpoint, by its id; undefined for none. A disabled endpoint is never checked.
   */
  apply(checkOf: (endpoint: string) => HealthCheck | undefined): void {
    if (this.#stopped) return
    const { registry } = this.#parts
    const before = this.#checkers
    const checkers = new Map<TargetState, TargetChecker>()
    for (const { id, endpoint, targets } of registry.all()) {
      const check = endpoint.status === 'disabled' ? undefined : checkOf(id)
      if (check === undefined) continue
      for (const target of targets) {
        const checker = before.get(target)
        checker?.use(check)
        checkers.set(target, checker ?? new TargetChecker(target, check, this.#parts))
      }
    }
    this.#checkers = checkers
    for (const [target, checker] of before) {
      if (checkers.has(target)) continue
      void checker.close()
      registry.setHealth(target, 'unknown', 'it is no longer checked')
    }
  }

  async checkNow(endpoint?: string): Promise<readonly HealthCheckResult[]> {
    const checkers = [...this.#checkers.values()].filter(({ target }) =>
      [target.endpoint, undefined].includes(endpoint),
    )
    const results = await Promise.all(checkers.map((checker) => checker.run()))
    return results.filter((result) => result !== undefined)
  }

  /** Cancels checks under way. Resolves when no timer and no request is left. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#unregister?.()
    await Promise.all(Array.from(this.#checkers.values(), (checker) => checker.close()))
    this.#checkers = new Map()
  }

  #samples(): Sample[] {
    return Array.from(this.#checkers.values(), ({ target: { endpoint, url }, passed, failed }) => [
      { labels: { endpoint, target: url, result: 'success' }, value: passed },
      { labels: { endpoint, target: url, result: 'failure' }, value: failed },
    ]).flat()
  }
}
