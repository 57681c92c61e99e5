import { isDeepStrictEqual } from 'node:util'
import { Counter } from '../api/counter.ts'
import type { Meter } from '../api/meter.ts'
import { LocalReply } from '../api/reply.ts'
import type { Clock } from '../base/clock.ts'

/** From where on the gateway sheds; infinite where it never does. */
export interface OverloadLimits {
  /** Requests in flight, on every listener with endpoints. WebSockets and event streams are in flight while they last. */
  readonly maxRequests: number
  /** Bytes of the process that are resident. */
  readonly maxMemory: number
  /** Milliseconds by which the event loop is late. */
  readonly maxLagMs: number
}

export const NO_LIMITS: OverloadLimits = { maxRequests: Infinity, maxMemory: Infinity, maxLagMs: Infinity }

export type OverloadReason = 'requests' | 'memory' | 'lag'

/** Memory and lag are looked at this often, if there is a limit on either. */
export const SAMPLE_MS = 100
/** Lag is the median of so many looks: one long pause, such as a collection of garbage, is no overload. */
const LAGS = 5
/** Shedding ends below these shares of the limits, so that it does not flap around them. */
const MEMORY_AGAIN = 0.9
const LAG_AGAIN = 0.5

/**
 * Sheds requests before any filter runs, while the process has more than it can do: answering some late helps nobody, and
 * running out of memory hurts all (Google, "Site Reliability Engineering", ch. 21).
 */
export class Overload {
  /** What a request that is shed gets. */
  static readonly reply: LocalReply = new LocalReply(503, 'overloaded', {
    detail: 'The gateway has more to do than it can; try again a little later.',
    headers: { 'Retry-After': '1' },
  })

  readonly #clock: Clock
  readonly #resident: () => number
  readonly #shed = new Counter<'reason'>()
  #limits = NO_LIMITS
  #requests = 0
  #memory = false
  #lag = false
  readonly #lags: number[] = []
  #sampledAt = 0
  #timer: NodeJS.Timeout | undefined

  /** @param resident bytes of the process */
  constructor(clock: Clock, meter: Meter, resident: () => number = () => process.memoryUsage.rss()) {
    this.#clock = clock
    this.#resident = resident
    meter.register({
      name: 'weir_overload_shed_total',
      help: 'Requests answered 503 because the gateway was overloaded.',
      type: 'counter',
      collect: () => this.#shed.samples(),
    })
    meter.register({
      name: 'weir_overload_requests',
      help: 'Requests in flight, as the limit on them counts.',
      type: 'gauge',
      collect: () => [{ labels: {}, value: this.#requests }],
    })
    meter.register({
      name: 'weir_overload_active',
      help: 'Whether requests are shed for a reason (1) or not (0).',
      type: 'gauge',
      collect: () =>
        (['requests', 'memory', 'lag'] as const).map((reason) => ({
          labels: { reason },
          value: this.#because(reason) ? 1 : 0,
        })),
    })
  }

  /** These hold from now on. */
  limit(limits: OverloadLimits): void {
    if (isDeepStrictEqual(limits, this.#limits)) return
    this.#limits = limits
    // What was too much may not be any more.
    this.#memory = false
    this.#lag = false
    this.#lags.length = 0
    clearInterval(this.#timer)
    this.#timer = undefined
    if (limits.maxMemory === Infinity && limits.maxLagMs === Infinity) return
    this.#sampledAt = this.#clock.now()
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS)
    this.#timer.unref()
  }

  /** Counts a request, which must `leave`; or says why it is to be shed, and has not counted it. */
  enter(): OverloadReason | undefined {
    const reason = this.#because('requests')
      ? 'requests'
      : this.#because('memory')
        ? 'memory'
        : this.#because('lag')
          ? 'lag'
          : undefined
    if (reason === undefined) this.#requests++
    else this.#shed.add({ reason })
    return reason
  }

  /** One that entered is over. */
  leave(): void {
    this.#requests--
  }

  /** @internal Looks at memory and lag; called every `SAMPLE_MS`, and whatever it is late by is the lag. */
  sample(): void {
    const now = this.#clock.now()
    this.#lags.push(Math.max(0, now - this.#sampledAt - SAMPLE_MS))
    this.#sampledAt = now
    if (this.#lags.length > LAGS) this.#lags.shift()
    const lag = this.#lags.length < LAGS ? 0 : this.#lags.toSorted((a, b) => a - b)[LAGS >> 1]!
    const { maxLagMs, maxMemory } = this.#limits
    this.#lag = lag >= (this.#lag ? maxLagMs * LAG_AGAIN : maxLagMs)
    this.#memory = maxMemory < Infinity && this.#resident() >= (this.#memory ? maxMemory * MEMORY_AGAIN : maxMemory)
  }

  #because(reason: OverloadReason): boolean {
    if (reason === 'requests') return this.#requests >= this.#limits.maxRequests
    return reason === 'memory' ? this.#memory : this.#lag
  }
}
