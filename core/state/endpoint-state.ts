import type { Endpoint, Target } from '../api/endpoint.ts'
import type { BreakerPhase, EndpointStatus } from './endpoint-status.ts'
import { TargetState } from './target-state.ts'

/**
 * A breaker, as admin filters see and operate it. A filter that is a breaker adds one to `EndpointState.breakers`, and removes
 * it in `dispose`.
 *
 * ```ts
 * for (const breaker of registry.get('v1/orders')?.breakers ?? []) if (breaker.phase === 'open') breaker.reset()
 * ```
 */
export interface BreakerHandle {
  /** Name of the filter in the chain. */
  readonly filter: string
  /** URL of the target that it guards; undefined: it guards the whole endpoint. */
  readonly target: string | undefined
  readonly phase: BreakerPhase
  /** Opens it, as if enough calls had failed. */
  trip(): void
  /** Closes it, and resets its counts. */
  reset(): void
  /**
   * Takes over what the same breaker of another process of this gateway has found. Nothing is reported of it.
   * @param until when probes may go out, if it is open; milliseconds since the Unix epoch
   */
  adopt?(phase: 'open' | 'closed', until: number, reason: string): void
}

/**
 * State of an endpoint. Filters read the fields; `EndpointRegistry` changes them.
 *
 * ```ts
 * const state = env.service(EndpointRegistryKey).of(env.endpoint)
 * const called = state.targets.filter(({ available }) => available)
 * ```
 */
export class EndpointState {
  readonly id: string
  /** As configured last. */
  endpoint: Endpoint
  status: EndpointStatus
  /** In the order of the configuration. */
  targets: readonly TargetState[] = []
  /** Breakers that guard the endpoint or one of its targets. They add and remove themselves. */
  readonly breakers = new Set<BreakerHandle>()
  /**
   * Functions that are called with a target when active checks find it healthy again. They are kept per endpoint, so that an
   * event of one endpoint does not call the listeners of thousands. Who adds one removes it in `dispose`.
   */
  readonly recoveries = new Set<(target: TargetState) => void>()
  /** When the status or a breaker changed last; milliseconds since the Unix epoch. */
  changedAt: number
  readonly #byUrl = new Map<string, TargetState>()

  constructor(endpoint: Endpoint, now: number) {
    this.id = endpoint.id
    this.endpoint = endpoint
    this.status = endpoint.status
    this.changedAt = now
  }

  /**
   * The state of a target, created on first use.
   * @param now milliseconds since the Unix epoch
   */
  target(target: Target, now: number): TargetState {
    let state = this.#byUrl.get(target.url)
    if (state === undefined) {
      state = new TargetState(this.id, target, now)
      this.#byUrl.set(target.url, state)
    }
    return state
  }

  /** @internal The endpoint is configured like this from now on. States of targets that are gone are forgotten. */
  configure(endpoint: Endpoint): void {
    this.endpoint = endpoint
    this.targets = endpoint.targets.map((target) => this.#byUrl.get(target.url)!)
    endpoint.targets.forEach(({ weight }, i) => {
      this.targets[i]!.weight = weight
    })
    const urls = new Set(endpoint.targets.map(({ url }) => url))
    for (const url of this.#byUrl.keys()) if (!urls.has(url)) this.#byUrl.delete(url)
  }

  /** @internal The status that follows from the configuration and the targets. */
  assess(): EndpointStatus {
    const { targets } = this
    const { status } = this.endpoint
    if (status !== 'active' || targets.length === 0) return status
    return targets.some(({ sound }) => sound) ? 'active' : 'unhealthy'
  }
}
