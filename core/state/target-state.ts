import type { Target } from '../api/endpoint.ts'
import type { TargetHealth } from './endpoint-status.ts'

/** One request of a health check. */
export interface HealthCheckRequest {
  readonly method: string
  /** Put behind the target's origin as it is, without its base path. */
  readonly path: string
  /** Flat list of names and values. */
  readonly headers: readonly string[]
  /** Gives it up: the check then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** How much of the body is kept; the rest is not waited for. */
  readonly maxBody: number
}

export interface HealthCheckResponse {
  readonly status: number
  readonly body: Buffer
}

/** Sends a check as traffic is sent: with the same TLS, to the same addresses. Rejects with a WeirError. */
export type SendHealthCheck = (check: HealthCheckRequest) => Promise<HealthCheckResponse>

/** What is known of one URL of an endpoint. Plain fields: they are read for every request. Changed through the registry. */
export class TargetState {
  /** Id of its endpoint. */
  readonly endpoint: string
  readonly url: string
  /** As configured last. 0: no new requests, those in flight finish. */
  weight: number
  health: TargetHealth = 'unknown'
  /** By live traffic. */
  ejected = false
  /** Attempts in flight. */
  outstanding = 0
  /** Attempts that are over, and those of them that failed. */
  attempts = 0
  failures = 0
  /** Milliseconds since the Unix epoch. */
  changedAt: number
  /** Of every instance that calls the target, the latest last: one that a failed load made goes before the one it was to replace. */
  readonly #senders: SendHealthCheck[] = []
  /** Breakers that guard this target alone: each says whether it would refuse an attempt now. */
  readonly blocks = new Set<() => boolean>()

  constructor(endpoint: string, { url, weight }: Target, now: number) {
    this.endpoint = endpoint
    this.url = url
    this.weight = weight
    this.changedAt = now
  }

  /** Asks the target as its traffic does. Undefined while no filter calls it. */
  get sendHealthCheck(): SendHealthCheck | undefined {
    return this.#senders.at(-1)
  }

  /** For the terminal filter that calls the target. Returns what takes the check back: to be called in `dispose`. */
  offerHealthCheck(check: SendHealthCheck): () => void {
    this.#senders.push(check)
    return () => {
      const at = this.#senders.lastIndexOf(check)
      if (at !== -1) this.#senders.splice(at, 1)
    }
  }

  /** Whether neither checks nor live traffic found it bad. */
  get sound(): boolean {
    return this.health !== 'unhealthy' && !this.ejected
  }

  /**
   * Whether it may be called now: it is sound, and no breaker of its own would refuse. That can change with time alone: ask
   * when an attempt is made. A draining one may not be chosen, but is no reason to call the endpoint unhealthy.
   */
  get available(): boolean {
    return this.sound && !this.blocked
  }

  /** Whether a breaker of its own would refuse an attempt now. */
  get blocked(): boolean {
    if (this.blocks.size > 0) for (const blocks of this.blocks) if (blocks()) return true
    return false
  }
}
