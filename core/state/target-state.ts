import type { Target } from '../api/endpoint.ts'
import type { TargetHealth } from './endpoint-status.ts'

/** One request of a health check. */
export interface HealthCheckRequest {
  readonly method: string
  /** Appended to the target's origin as it is, without the target's base path. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** For the whole check; milliseconds. The signal ends it by then: for who sends it in another process. */
  readonly timeoutMs: number
  /** Ends the check early; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** How many bytes of the body are kept; the rest is not waited for. */
  readonly maxBody: number
}

/** The response to a health check. */
export interface HealthCheckResponse {
  readonly status: number
  /** The beginning of the body. */
  readonly body: Buffer
}

/** Sends a health check in the same way as traffic: with the same TLS settings, to the same addresses. Rejects with a `WeirError`. */
export type SendHealthCheck = (check: HealthCheckRequest) => Promise<HealthCheckResponse>

/**
 * State of one target of an endpoint. Plain fields, because they are read for every request. The terminal filter counts
 * `outstanding`, `attempts` and `failures`; `EndpointRegistry` changes `health` and `ejected`.
 *
 * ```ts
 * const { targets } = env.service(EndpointRegistryKey).of(env.endpoint)
 * const inFlight = targets.reduce((sum, { outstanding }) => sum + outstanding, 0)
 * ```
 */
export class TargetState {
  /** Id of its endpoint. */
  readonly endpoint: string
  readonly url: string
  /** @internal Of its metrics. */
  readonly labels: { readonly endpoint: string; readonly target: string }
  /** As configured last. 0: draining, it gets no new requests. */
  weight: number
  /** By active checks. */
  health: TargetHealth = 'unknown'
  /** Whether live traffic found it bad. */
  ejected = false
  /** Whether it did so in another process of this gateway. */
  ejectedElsewhere = false
  /** Attempts in flight. */
  outstanding = 0
  /** Attempts that are over. */
  attempts = 0
  /** Attempts that failed. */
  failures = 0
  /** When its health or ejection changed last; milliseconds since the Unix epoch. */
  changedAt: number
  /** One per instance that calls the target, the latest last. A failed load removes its own, and the one before counts again. */
  readonly #senders: SendHealthCheck[] = []
  /** One function per breaker that guards this target alone: whether the breaker would refuse an attempt now. */
  readonly blocks = new Set<() => boolean>()

  constructor(endpoint: string, { url, weight }: Target, now: number) {
    this.endpoint = endpoint
    this.url = url
    this.labels = { endpoint, target: url }
    this.weight = weight
    this.changedAt = now
  }

  /** Sends a health check to the target. Undefined while no filter calls the target. */
  get sendHealthCheck(): SendHealthCheck | undefined {
    return this.#senders.at(-1)
  }

  /**
   * For the terminal filter that calls the target: offers its way to send health checks.
   * @returns a function that takes the offer back, for `dispose`
   */
  offerHealthCheck(check: SendHealthCheck): () => void {
    this.#senders.push(check)
    return () => {
      const at = this.#senders.lastIndexOf(check)
      if (at !== -1) this.#senders.splice(at, 1)
    }
  }

  /** True if neither active checks nor live traffic found it bad. */
  get sound(): boolean {
    return this.health !== 'unhealthy' && !this.ejected && !this.ejectedElsewhere
  }

  /**
   * Whether it may be called now: it is sound, and no breaker of its own would refuse. Time alone can change that, so ask when
   * an attempt is made. A weight of 0 does not count here: a draining target does not make its endpoint unhealthy.
   */
  get available(): boolean {
    return this.sound && !this.blocked
  }

  /** Whether a breaker that guards this target alone would refuse an attempt now. */
  get blocked(): boolean {
    if (this.blocks.size > 0) for (const blocks of this.blocks) if (blocks()) return true
    return false
  }
}
