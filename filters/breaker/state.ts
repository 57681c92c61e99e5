/** When the breaker opens and how it recovers. */
export interface BreakerRules {
  /** Consecutive failures that open it. */
  readonly failureThreshold: number
  /** Milliseconds until an open breaker lets probes out; also how long a probe may take before its slot is free. */
  readonly resetTimeout: number
  /** Probes out at once while half open, and the successes that close it. */
  readonly halfOpenMaxCalls: number
}

export type Phase = 'closed' | 'open' | 'half_open'

/** What the breaker needs of an attempt: its identity, and when it began (milliseconds of the breaker's clock). */
export interface Try {
  readonly startedAt: number
}

/** The memory of one breaker: plain data, so that it outlives the instance that keeps it. */
export interface BreakerState {
  phase: Phase
  /** When the phase began, monotonic milliseconds. */
  since: number
  /** Failures in a row, while closed. */
  failures: number
  /** Successes, while half open. */
  successes: number
  /** Probes that hold a slot, oldest first, while half open. */
  probes: { readonly attempt: Try; readonly at: number }[]
  /** Every probe of this phase, also those that gave up their slot. */
  generation: WeakSet<Try>
}

export type Verdict = 'success' | 'failure' | 'ignored'

/** Raised when the shape of `BreakerState` changes. */
export const STATE_VERSION = 1

export function newBreaker(): BreakerState {
  return {
    phase: 'closed',
    since: Number.NEGATIVE_INFINITY,
    failures: 0,
    successes: 0,
    probes: [],
    generation: new WeakSet(),
  }
}

/**
 * Asks whether an attempt may go out. What it lets out must be reported by `settle`; a probe that never is gives up its
 * slot after `resetTimeout`.
 * @param now monotonic milliseconds
 */
export function admit(state: BreakerState, rules: BreakerRules, attempt: Try, now: number): boolean {
  if (state.phase === 'closed') return true
  if (state.phase === 'open') {
    if (now - state.since < rules.resetTimeout) return false
    enter(state, 'half_open', now)
  }
  const { probes } = state
  while (probes.length > 0 && now - probes[0]!.at >= rules.resetTimeout) probes.shift()
  if (probes.length >= rules.halfOpenMaxCalls) return false
  probes.push({ attempt, at: now })
  state.generation.add(attempt)
  return true
}

/**
 * Records how an attempt ended. Results of attempts that began in an earlier phase say nothing about the upstream now
 * and are dropped; a probe that gave up its slot is still heard while its phase lasts, so that an upstream slower than
 * `resetTimeout` can recover.
 */
export function settle(state: BreakerState, rules: BreakerRules, attempt: Try, verdict: Verdict, now: number): void {
  if (state.phase === 'closed') {
    // An attempt let out before the breaker last opened began before this phase: at least resetTimeout lies between.
    if (verdict === 'ignored' || attempt.startedAt < state.since) return
    if (verdict === 'success') state.failures = 0
    else if (++state.failures >= rules.failureThreshold) enter(state, 'open', now)
    return
  }
  if (state.phase === 'open') return
  if (!state.generation.delete(attempt)) return
  const index = state.probes.findIndex((probe) => probe.attempt === attempt)
  if (index !== -1) state.probes.splice(index, 1)
  if (verdict === 'ignored') return
  if (verdict === 'failure') enter(state, 'open', now)
  else if (++state.successes >= rules.halfOpenMaxCalls) enter(state, 'closed', now)
}

/** Whole seconds until it is worth asking again, at least 1 (RFC 9110 §10.2.3: delay-seconds). */
export function retryAfter(state: BreakerState, rules: BreakerRules, now: number): number {
  const wait = state.phase === 'open' ? state.since + rules.resetTimeout - now : 0
  return Math.max(1, Math.ceil(wait / 1000))
}

function enter(state: BreakerState, phase: Phase, now: number): void {
  state.phase = phase
  state.since = now
  state.failures = 0
  state.successes = 0
  state.probes = []
  state.generation = new WeakSet()
}
