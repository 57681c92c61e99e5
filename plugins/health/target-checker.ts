import { isDeepStrictEqual } from 'node:util'
import {
  type Clock,
  type Deadline,
  type EndpointRegistry,
  type HealthCheck,
  type HealthCheckResult,
  type TargetState,
  type TimerWheel,
  WeirError,
} from '../../core/index.ts'
import type { CheckConcurrency } from './check-concurrency.ts'
import { startCheckTimeout } from './check-timeout.ts'
import { type Expectation, expectationOf } from './expectation.ts'
import { tallied, UNCHECKED } from './thresholds.ts'

/** What all watches share. */
export interface CheckerParts {
  readonly registry: EndpointRegistry
  readonly timers: TimerWheel
  readonly clock: Clock
  readonly gate: CheckConcurrency
  /** From 0 to below 1. */
  readonly random: () => number
}

/** The first check of a target comes within this; milliseconds. */
const PROMPT_MS = 1000
/** More of a body is not waited for. */
const MAX_BODY = 64 * 1024
const AGENT = 'weir-health-check'

/** Checks one target again and again, one check at a time. */
export class TargetChecker {
  readonly target: TargetState
  /** Checks that passed and that failed. */
  passed = 0
  failed = 0
  readonly #by: CheckerParts
  #check: HealthCheck
  #expectation: Expectation
  #tally = UNCHECKED
  /** Checks so far; the first two are spread. */
  #count = 0
  /** When the present check was due; monotonic milliseconds. */
  #dueAt = 0
  #due: Deadline | undefined
  #running: Promise<HealthCheckResult | undefined> | undefined
  #underWay: AbortController | undefined
  #closed = false

  constructor(target: TargetState, check: HealthCheck, by: CheckerParts) {
    this.target = target
    this.#by = by
    this.#check = check
    this.#expectation = expectationOf(check)
    this.#schedule()
  }

  /** Checks like this from now on; an equal check changes nothing. What was counted for thresholds is forgotten, the health is not. */
  use(check: HealthCheck): void {
    if (isDeepStrictEqual(check, this.#check)) return
    this.#check = check
    this.#expectation = expectationOf(check)
    this.#tally = { health: this.#tally.health, run: 0 }
    this.#count = 0
    this.#underWay?.abort()
    if (this.#running === undefined) this.#schedule()
  }

  /** Ends it; what is under way is given up. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closed = true
    this.#due?.cancel()
    this.#underWay?.abort()
    await this.#running
  }

  /** Checks now, or waits for the check that is under way. Undefined if that says nothing: it was given up, or nobody calls the target. */
  run(): Promise<HealthCheckResult | undefined> {
    this.#due?.cancel()
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<HealthCheckResult | undefined> {
    const { gate, clock } = this.#by
    this.#dueAt = clock.now()
    try {
      return await gate.run(this.target.endpoint, () => this.#ask())
    } finally {
      this.#running = undefined
      this.#schedule()
    }
  }

  #schedule(): void {
    this.#due?.cancel()
    if (this.#closed) return
    const { timers, clock, random } = this.#by
    const { intervalMs } = this.#check
    const now = clock.now()
    // Where many targets come at once, the first checks are spread over a moment, and those from the second on over the interval.
    if (this.#count === 0) this.#dueAt = now + random() * Math.min(intervalMs, PROMPT_MS)
    else if (this.#count === 1) this.#dueAt += (0.5 + random()) * intervalMs
    else this.#dueAt += intervalMs
    this.#due = timers.after(Math.max(this.#dueAt - now, 0), () => void this.run())
  }

  async #ask(): Promise<HealthCheckResult | undefined> {
    const { target } = this
    const { sendHealthCheck } = target
    if (this.#closed) return undefined
    if (sendHealthCheck === undefined) {
      this.#count++
      return undefined
    }
    const { clock, timers, registry } = this.#by
    const check = this.#check
    const underWay = new AbortController()
    this.#underWay = underWay
    const begun = clock.now()
    const stop = startCheckTimeout(timers, clock, check.timeoutMs, () =>
      underWay.abort(new WeirError('upstream_timeout')),
    )
    let wrong: string | undefined
    try {
      const { method, path } = check
      const headers = Object.entries({ 'user-agent': AGENT, ...check.headers }).flat()
      wrong = this.#expectation(
        await sendHealthCheck({ method, path, headers, signal: underWay.signal, maxBody: MAX_BODY }),
      )
    } catch (error) {
      wrong = error instanceof WeirError ? error.title : 'the check itself failed'
    } finally {
      stop()
      this.#underWay = undefined
    }
    // Of a check that was changed or ended meanwhile, or whose pool was closed under it, nothing can be said.
    if (this.#closed || this.#check !== check || (wrong !== undefined && target.sendHealthCheck !== sendHealthCheck))
      return undefined
    this.#count++
    const passed = wrong === undefined
    if (passed) this.passed++
    else this.failed++
    this.#tally = tallied(this.#tally, passed, check)
    const reason = wrong ?? 'the answer is as expected'
    const { health, run } = this.#tally
    registry.setHealth(target, health, `${Math.abs(run)} in a row: ${reason}`)
    const { endpoint, url } = target
    return { endpoint, target: url, passed, reason, health, durationMs: clock.now() - begun }
  }
}
