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
import { CheckSchedule } from './check-schedule.ts'
import { startCheckTimeout } from './check-timeout.ts'
import { type Expectation, expectationOf } from './expectation.ts'
import { tallied, UNCHECKED } from './thresholds.ts'

/** Parts that the checkers of all targets share. */
export interface CheckerParts {
  readonly registry: EndpointRegistry
  readonly timers: TimerWheel
  readonly clock: Clock
  readonly concurrency: CheckConcurrency
  /** From 0 to below 1. */
  readonly random: () => number
}

/** Longest part of a response body that is read, in bytes. */
const MAX_BODY = 64 * 1024
const AGENT = 'weir-health-check'

/** Checks one target at intervals, one check at a time. */
export class TargetChecker {
  readonly target: TargetState
  /** Number of checks that passed, and that failed. */
  passed = 0
  failed = 0
  readonly #parts: CheckerParts
  #check: HealthCheck
  #expectation: Expectation
  #tally = UNCHECKED
  readonly #schedule: CheckSchedule
  #next: Deadline | undefined
  #running: Promise<HealthCheckResult | undefined> | undefined
  #controller: AbortController | undefined
  #closed = false

  constructor(target: TargetState, check: HealthCheck, parts: CheckerParts) {
    this.target = target
    this.#parts = parts
    this.#check = check
    this.#expectation = expectationOf(check)
    this.#schedule = new CheckSchedule(parts.random)
    this.#scheduleNext()
  }

  /** Uses this check from now on; an equal one changes nothing. The counts for thresholds start again, the health stays. */
  use(check: HealthCheck): void {
    if (isDeepStrictEqual(check, this.#check)) return
    this.#check = check
    this.#expectation = expectationOf(check)
    this.#tally = { health: this.#tally.health, run: 0 }
    this.#schedule.restart()
    this.#controller?.abort()
    if (this.#running === undefined) this.#scheduleNext()
  }

  /** Stops it, and cancels a check under way. Resolves when that has ended. */
  async close(): Promise<void> {
    this.#closed = true
    this.#next?.cancel()
    this.#controller?.abort()
    await this.#running
  }

  /** Checks now, or waits for the check under way. Undefined if it has no result: it was cancelled, or no filter calls the target. */
  run(): Promise<HealthCheckResult | undefined> {
    this.#next?.cancel()
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<HealthCheckResult | undefined> {
    const { concurrency, clock } = this.#parts
    this.#schedule.checkStarted(clock.now())
    try {
      return await concurrency.run(this.target.endpoint, () => this.#send())
    } finally {
      this.#running = undefined
      this.#scheduleNext()
    }
  }

  #scheduleNext(): void {
    this.#next?.cancel()
    if (this.#closed) return
    const { timers, clock } = this.#parts
    const wait = this.#schedule.untilNext(this.#check.intervalMs, clock.now())
    this.#next = timers.after(wait, () => void this.run())
  }

  async #send(): Promise<HealthCheckResult | undefined> {
    const { target } = this
    const { sendHealthCheck } = target
    if (this.#closed) return undefined
    if (sendHealthCheck === undefined) {
      this.#schedule.checkDone()
      return undefined
    }
    const { clock, timers, registry } = this.#parts
    const check = this.#check
    const controller = new AbortController()
    this.#controller = controller
    const begun = clock.now()
    const stop = startCheckTimeout(timers, clock, check.timeoutMs, () =>
      controller.abort(new WeirError('upstream_timeout')),
    )
    let wrong: string | undefined
    let ignored = false
    try {
      const { method, path } = check
      const headers = Object.entries({ 'user-agent': AGENT, ...check.headers }).flat()
      wrong = this.#expectation(
        await sendHealthCheck({
          method,
          path,
          headers,
          timeoutMs: check.timeoutMs,
          signal: controller.signal,
          maxBody: MAX_BODY,
        }),
      )
    } catch (error) {
      // What the gateway itself lacks says nothing about the target.
      ignored = error instanceof WeirError && error.source === 'gateway'
      wrong = error instanceof WeirError ? error.title : 'the check itself failed'
    } finally {
      stop()
      this.#controller = undefined
    }
    // A check has no result if it was replaced or stopped meanwhile, or if its pool was closed.
    if (this.#closed || this.#check !== check || (wrong !== undefined && target.sendHealthCheck !== sendHealthCheck))
      return undefined
    this.#schedule.checkDone()
    if (ignored) return undefined
    const passed = wrong === undefined
    if (passed) this.passed++
    else this.failed++
    this.#tally = tallied(this.#tally, passed, check)
    const reason = wrong ?? 'the response is as expected'
    const { health, run } = this.#tally
    registry.setHealth(target, health, `${Math.abs(run)} in a row: ${reason}`)
    const { endpoint, url } = target
    return { endpoint, target: url, passed, reason, health, durationMs: clock.now() - begun }
  }
}
