import type { BreakerPhase, Outcome } from '../../core/index.ts'
import { type CallWindow, newCallWindow, recordCall } from './call-window.ts'

/** When the breaker opens and how it recovers. Durations in milliseconds. */
export interface BreakerRules {
  /** Consecutive failures that open it; infinite: they never do. */
  readonly failureThreshold: number
  /** Undefined: only consecutive failures count. */
  readonly rates: RateRules | undefined
  /** How long it stays open at first, and how long a probe counts as under way. Above zero. */
  readonly resetTimeout: number
  /** Largest time that it stays open: the time doubles with each failed half-open phase. */
  readonly maxResetTimeout: number
  /** Probes that a half-open phase admits, and successes that close the breaker. */
  readonly halfOpenMaxCalls: number
}

/** When rates of a sliding window open it. Rates in percent; infinite: they never do. */
export interface RateRules {
  readonly window: number
  /** Calls that the window must have before rates count. */
  readonly minimumCalls: number
  readonly failureRate: number
  readonly slowRate: number
  /** A call that takes this long or longer is slow. */
  readonly slowDuration: number
}

/** An attempt, known by its identity. `startedAt` is in milliseconds of the breaker's clock. */
export interface AttemptRef {
  readonly startedAt: number
}

/**
 * State of one breaker. Plain data, so that it outlives the instance that keeps it. An open or half-open phase keeps the rules with
 * which it began; rules that open the breaker apply at once.
 */
export interface BreakerState {
  phase: BreakerPhase
  /** When the phase began, monotonic milliseconds. */
  since: number
  /** What began the phase, in words for people. */
  cause: string
  /** Failures in a row, while closed. */
  failures: number
  /** Created with the first call that counts, while closed. */
  window: CallWindow | undefined
  /** When the first probe is admitted, while open. */
  until: number
  /** Half-open phases in a row that failed. */
  failedRecoveries: number
  /** Successes, while half open. */
  successes: number
  /** Probes under way, oldest first, while half open. */
  probes: { readonly attempt: AttemptRef; readonly at: number }[]
  /** All probes of this phase, also those that have timed out. */
  phaseProbes: WeakSet<AttemptRef>
  /** `halfOpenMaxCalls` and `resetTimeout` of this half-open phase. */
  probeLimit: number
  probeTimeout: number
}

export type OutcomeResult = Outcome['result']

/** Raised when the shape of `BreakerState` changes. */
export const STATE_VERSION = 2

export function newBreaker(): BreakerState {
  return {
    phase: 'closed',
    since: Number.NEGATIVE_INFINITY,
    cause: '',
    failures: 0,
    window: undefined,
    until: 0,
    failedRecoveries: 0,
    successes: 0,
    probes: [],
    phaseProbes: new WeakSet(),
    probeLimit: 0,
    probeTimeout: 0,
  }
}

/**
 * Whether an attempt may be made. `settle` must report the end of each one that may; a probe that is never reported stops counting
 * as under way after the reset timeout.
 * @param now monotonic milliseconds
 */
export function admit(state: BreakerState, rules: BreakerRules, attempt: AttemptRef, now: number): boolean {
  if (state.phase === 'closed') return true
  if (blocks(state, now)) return false
  if (state.phase === 'open') {
    enter(state, 'half_open', 'the reset timeout is over', now)
    state.probeLimit = rules.halfOpenMaxCalls
    state.probeTimeout = rules.resetTimeout
  }
  const { probes } = state
  while (probes.length > 0 && now - probes[0]!.at >= state.probeTimeout) probes.shift()
  probes.push({ attempt, at: now })
  state.phaseProbes.add(attempt)
  return true
}

/** Whether `admit` would refuse now. Changes nothing. */
export function blocks(state: BreakerState, now: number): boolean {
  if (state.phase === 'closed') return false
  if (state.phase === 'open') return now < state.until
  // Successes count too: no more probes go out than are needed to close it.
  let taken = state.successes
  for (const probe of state.probes) if (now - probe.at < state.probeTimeout) taken++
  return taken >= state.probeLimit
}

/**
 * Records how an attempt ended. Attempts that began in an earlier phase do not count: they say nothing about the upstream now. A
 * probe that has timed out still counts while its phase lasts, so that an upstream slower than the reset timeout can recover.
 * @param took milliseconds until the upstream's response began, or until it was clear that none would come
 */
export function settle(
  state: BreakerState,
  rules: BreakerRules,
  attempt: AttemptRef,
  result: OutcomeResult,
  took: number,
  now: number,
): void {
  if (state.phase === 'closed') {
    // An attempt from before the breaker last opened does not count.
    if (result !== 'ignored' && attempt.startedAt >= state.since) count(state, rules, result, took, now)
    return
  }
  if (state.phase === 'open') return
  if (!state.phaseProbes.delete(attempt)) return
  const index = state.probes.findIndex((probe) => probe.attempt === attempt)
  if (index !== -1) state.probes.splice(index, 1)
  if (result === 'ignored') return
  const slow = rules.rates !== undefined && took >= rules.rates.slowDuration
  if (result === 'failure' || slow) {
    state.failedRecoveries++
    open(state, rules, result === 'failure' ? 'a probe failed' : 'a probe was slow', now)
  } else if (++state.successes >= state.probeLimit) close(state, 'the probes succeeded', now)
}

/** Opens it by hand. It recovers as if it had opened because of failures. */
export function trip(state: BreakerState, rules: BreakerRules, now: number): void {
  open(state, rules, 'tripped by hand', now)
}

/** Lets probes go out now, because the upstream has probably recovered. */
export function allowProbes(state: BreakerState, now: number): void {
  if (state.phase === 'open') state.until = Math.min(state.until, now)
}

/** Closes it by hand, and forgets its counts. */
export function reset(state: BreakerState, now: number): void {
  close(state, 'reset by hand', now)
}

/** Opens or closes it because another process of the gateway has done so. @param until monotonic milliseconds, if it is open */
export function adopt(state: BreakerState, phase: 'open' | 'closed', until: number, cause: string, now: number): void {
  // A probe of another process has failed.
  if (phase === 'open' && state.phase !== 'closed') state.failedRecoveries++
  if (phase === 'closed') state.failedRecoveries = 0
  enter(state, phase, cause, now)
  if (phase === 'open') state.until = until
}

/** Whole seconds until the next probe, at least 1 (RFC 9110 §10.2.3: delay-seconds). */
export function retryAfter(state: BreakerState, now: number): number {
  const wait = state.phase === 'open' ? state.until - now : 0
  return Math.max(1, Math.ceil(wait / 1000))
}

function count(state: BreakerState, rules: BreakerRules, result: OutcomeResult, took: number, now: number): void {
  const failed = result === 'failure'
  state.failures = failed ? state.failures + 1 : 0
  const { rates } = rules
  let cause: string | undefined
  if (rates !== undefined) {
    if (state.window === undefined || state.window.length !== rates.window)
      state.window = newCallWindow(rates.window, now)
    recordCall(state.window, failed, took >= rates.slowDuration, now)
    cause = exceededRate(state.window, rates)
  }
  if (state.failures >= rules.failureThreshold)
    cause = `${state.failures} ${state.failures === 1 ? 'failure' : 'failures'} in a row`
  if (cause !== undefined) open(state, rules, cause, now)
}

function exceededRate({ total }: CallWindow, rates: RateRules): string | undefined {
  const { calls, failures, slow } = total
  if (calls < rates.minimumCalls) return undefined
  const percent = (part: number): number => (part / calls) * 100
  if (percent(failures) >= rates.failureRate) return `${failures} of ${calls} calls failed`
  if (percent(slow) >= rates.slowRate) return `${slow} of ${calls} calls were slow`
  return undefined
}

function open(state: BreakerState, rules: BreakerRules, cause: string, now: number): void {
  enter(state, 'open', cause, now)
  const { resetTimeout, maxResetTimeout } = rules
  state.until = now + Math.min(resetTimeout * 2 ** state.failedRecoveries, Math.max(resetTimeout, maxResetTimeout))
}

function close(state: BreakerState, cause: string, now: number): void {
  enter(state, 'closed', cause, now)
  state.failedRecoveries = 0
}

function enter(state: BreakerState, phase: BreakerPhase, cause: string, now: number): void {
  state.phase = phase
  state.since = now
  state.cause = cause
  state.failures = 0
  state.window = undefined
  state.successes = 0
  state.probes = []
  state.phaseProbes = new WeakSet()
}
