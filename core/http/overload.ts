import { isDeepStrictEqual } from 'node:util'
import { Counter } from '../api/counter.ts'
import type { Meter } from '../api/meter.ts'
import { LocalReply } from '../api/reply.ts'
import type { Clock } from '../base/clock.ts'
import { type Deadline, startInterval } from '../base/timer.ts'
import { type LimitPart, type SharedLimits, UNDIVIDED } from '../state/shared-limits.ts'

/** Limits from which on the gateway sheds requests; infinite: no limit. */
export interface OverloadLimits {
  /** Requests in flight, on all listeners with endpoints together. WebSockets and event streams count while they are open. */
  readonly maxRequests: number
  /** Resident memory of the process, in bytes. */
  readonly maxMemory: number
  /** Delay of the event loop, in milliseconds. */
  readonly maxLagMs: number
}

export const NO_LIMITS: OverloadLimits = { maxRequests: Infinity, maxMemory: Infinity, maxLagMs: Infinity }

export type OverloadReason = 'requests' | 'memory' | 'lag'

/** Interval at which memory and lag are sampled, if one of them has a limit; milliseconds. */
export const SAMPLE_MS = 100
/** Lag is the median of this many samples: one long pause, such as a garbage collection, is no overload. */
const LAGS = 5
/** Shedding ends below these shares of the limits, so that it does not go on and off. */
const MEMORY_AGAIN = 0.9
const LAG_AGAIN = 0.5

/**
 * Sheds requests before any filter runs while the process is overloaded: a response that comes too late helps nobody, and
 * running out of memory hurts all requests (Google, "Site Reliability Engineering", ch. 21).
 */
export class Overload {
  /** The reply to a request that is shed. */
  static readonly reply: LocalReply = new LocalReply(503, 'overloaded', {
    detail: 'The gateway is overloaded; try again a little later.',
    headers: { 'Retry-After': '1' },
  })

  readonly #clock: Clock
  readonly #resident: () => number
  readonly #shed = new Counter<'reason'>()
  readonly #refused = new Counter<'reason'>()
  readonly #shared: SharedLimits
  /** Requests that may be in flight in this process. */
  #allowed: LimitPart
  #limits = NO_LIMITS
  #requests = 0
  #memory = false
  #lag = false
  readonly #lags: number[] = []
  #sampledAt = 0
  #known = 0
  #timer: Deadline | undefined

  /**
   * @param shared divides the limit on requests between processes
   * @param resident reads the resident memory of the process, in bytes
   */
  constructor(
    clock: Clock,
    meter: Meter,
    shared: SharedLimits = UNDIVIDED,
    resident: () => number = () => process.memoryUsage.rss(),
  ) {
    this.#clock = clock
    this.#shared = shared
    this.#allowed = UNDIVIDED.divide('requests', Infinity, () => {})
    this.#resident = resident
    meter.register({
      name: 'weir_overload_shed_total',
      help: 'Requests that got 503 because the gateway was overloaded.',
      type: 'counter',
      collect: () => this.#shed.samples(),
    })
    meter.register({
      name: 'weir_connections_refused_total',
      help: 'Connections of clients that were closed at once, because there were too many: in total, or of one address.',
      type: 'counter',
      collect: () => this.#refused.samples(),
    })
    meter.register({
      name: 'weir_overload_requests',
      help: 'Requests in flight, as the limit on requests counts them.',
      type: 'gauge',
      collect: () => [{ labels: {}, value: this.#requests }],
    })
    meter.register({
      name: 'weir_overload_active',
      help: 'Whether requests are shed for this reason (1) or not (0).',
      type: 'gauge',
      collect: () =>
        (['requests', 'memory', 'lag'] as const).map((reason) => ({
          labels: { reason },
          value: this.#because(reason) ? 1 : 0,
        })),
    })
  }

  /** Sets the limits from now on. */
  limit(limits: OverloadLimits): void {
    if (isDeepStrictEqual(limits, this.#limits)) return
    this.#limits = limits
    this.#allowed = this.#shared.divide('requests', limits.maxRequests, () => {})
    this.#allowed.used(this.#requests)
    // Samples against the old limits say nothing about the new ones.
    this.#memory = false
    this.#lag = false
    this.#lags.length = 0
    this.#timer?.cancel()
    this.#timer = undefined
    if (limits.maxMemory === Infinity && limits.maxLagMs === Infinity) return
    this.#sampledAt = this.#clock.now()
    this.#timer = startInterval(SAMPLE_MS, () => this.sample())
  }

  /** Counts a request, which must `leave` later. If the request must be shed, returns the reason and does not count it. */
  enter(): OverloadReason | undefined {
    const reason = this.#because('requests')
      ? 'requests'
      : this.#because('memory')
        ? 'memory'
        : this.#because('lag')
          ? 'lag'
          : undefined
    if (reason === undefined) this.#allowed.used(++this.#requests)
    else this.#shed.add({ reason })
    return reason
  }

  /** A connection was refused. @param reason too many in total, or of one address */
  refused(reason: 'total' | 'address'): void {
    this.#refused.add({ reason })
  }

  /** A request that entered is over. */
  leave(): void {
    this.#allowed.used(--this.#requests)
  }

  /** @internal Samples memory and lag. It is called every `SAMPLE_MS`; the delay of the call is the lag. */
  sample(): void {
    const now = this.#clock.now()
    this.#lags.push(Math.max(0, now - this.#sampledAt - SAMPLE_MS))
    this.#sampledAt = now
    if (this.#lags.length > LAGS) this.#lags.shift()
    const lag = this.#lags.length < LAGS ? 0 : this.#lags.toSorted((a, b) => a - b)[LAGS >> 1]!
    const { maxLagMs, maxMemory } = this.#limits
    this.#lag = lag >= (this.#lag ? maxLagMs * LAG_AGAIN : maxLagMs)
    this.#memory = maxMemory < Infinity && this.#measure() >= (this.#memory ? maxMemory * MEMORY_AGAIN : maxMemory)
  }

  /** The system reads it from a file, which can't be opened while there are no descriptors: what was last known holds. */
  #measure(): number {
    try {
      this.#known = this.#resident()
    } catch {}
    return this.#known
  }

  #because(reason: OverloadReason): boolean {
    if (reason === 'requests') return this.#requests >= this.#allowed.part
    return reason === 'memory' ? this.#memory : this.#lag
  }
}
