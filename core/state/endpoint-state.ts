import type { Endpoint, Target } from '../api/endpoint.ts'
import type { BreakerPhase, EndpointStatus } from './endpoint-status.ts'
import { TargetState } from './target-state.ts'

/** A breaker, as it is looked at and worked by hand. */
export interface BreakerHandle {
  readonly filter: string
  /** Undefined: it guards the whole endpoint. */
  readonly target: string | undefined
  readonly phase: BreakerPhase
  /** Opens it as if it had failed often enough. */
  trip(): void
  /** Closes it and forgets what it counted. */
  reset(): void
}

/** What is known of an endpoint. */
export class EndpointState {
  readonly id: string
  endpoint: Endpoint
  status: EndpointStatus
  /** In the order of the configuration. */
  targets: readonly TargetState[] = []
  /** Added by breakers when they are made, and taken away when they are disposed of. */
  readonly breakers = new Set<BreakerHandle>()
  /** Called with a target that active checks find well again after they had found it bad. Of the endpoint, so that thousands don't listen to all. */
  readonly recoveries = new Set<(target: TargetState) => void>()
  /** Milliseconds since the Unix epoch. */
  changedAt: number
  readonly #byUrl = new Map<string, TargetState>()

  constructor(endpoint: Endpoint, now: number) {
    this.id = endpoint.id
    this.endpoint = endpoint
    this.status = endpoint.status
    this.changedAt = now
  }

  /** The state of a target; one that is asked for first is made. */
  target(target: Target, now: number): TargetState {
    let state = this.#byUrl.get(target.url)
    if (state === undefined) {
      state = new TargetState(this.id, target, now)
      this.#byUrl.set(target.url, state)
    }
    return state
  }

  /** @internal The endpoint is configured like this from now on. */
  configure(endpoint: Endpoint): void {
    this.endpoint = endpoint
    this.targets = endpoint.targets.map((target) => this.#byUrl.get(target.url)!)
    endpoint.targets.forEach(({ weight }, i) => {
      this.targets[i]!.weight = weight
    })
    const urls = new Set(endpoint.targets.map(({ url }) => url))
    for (const url of this.#byUrl.keys()) if (!urls.has(url)) this.#byUrl.delete(url)
  }

  /** @internal */
  assess(): EndpointStatus {
    const { targets } = this
    const { status } = this.endpoint
    if (status !== 'active' || targets.length === 0) return status
    return targets.some(({ sound }) => sound) ? 'active' : 'unhealthy'
  }
}
