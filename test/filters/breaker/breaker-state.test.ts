import t from 'tap'
import {
  type AttemptRef,
  admit,
  type BreakerRules,
  type BreakerState,
  blocks,
  newBreaker,
  type OutcomeResult,
  type RateRules,
  reset,
  retryAfter,
  settle as settleAfter,
  trip,
} from '../../../filters/breaker/breaker-state.ts'

const rules: BreakerRules = {
  failureThreshold: 3,
  rates: undefined,
  resetTimeout: 1000,
  maxResetTimeout: 1000,
  halfOpenMaxCalls: 2,
}

const settle = (
  state: BreakerState,
  by: BreakerRules,
  attempt: AttemptRef,
  verdict: OutcomeResult,
  now: number,
  took = 1,
): void => settleAfter(state, by, attempt, verdict, took, now)

function open(state: BreakerState, now: number, by = rules): void {
  for (let i = 0; i < by.failureThreshold; i++) settle(state, by, { startedAt: now }, 'failure', now)
  t.equal(state.phase, 'open')
}

t.test('opens after consecutive failures only', async (t) => {
  const state = newBreaker()
  const at = { startedAt: 0 }
  for (const verdict of ['failure', 'failure', 'success', 'failure', 'ignored', 'failure'] as const)
    settle(state, rules, at, verdict, 0)
  t.equal(state.phase, 'closed', 'a success begins anew; ignored neither counts nor begins anew')
  settle(state, rules, at, 'failure', 0)
  t.equal(state.phase, 'open')
  t.equal(state.cause, '3 failures in a row')
  t.notOk(admit(state, rules, { startedAt: 999 }, 999))
  t.equal(retryAfter(state, 0), 1)
  const slow = newBreaker()
  open(slow, 0, { ...rules, resetTimeout: 60_000 })
  t.equal(retryAfter(slow, 100), 60)
})

t.test('recovers after as many successes as probes, and lets no more out', async (t) => {
  const state = newBreaker()
  open(state, 0)
  const [a, b, c] = [{ startedAt: 1000 }, { startedAt: 1000 }, { startedAt: 1000 }]
  t.ok(admit(state, rules, a, 1000))
  t.equal(state.phase, 'half_open')
  t.ok(admit(state, rules, b, 1000))
  t.notOk(admit(state, rules, c, 1000))
  settle(state, rules, a, 'ignored', 1001)
  t.ok(admit(state, rules, c, 1001), 'ignored frees the slot')
  settle(state, rules, c, 'success', 1002)
  t.equal(state.phase, 'half_open')
  t.notOk(admit(state, rules, { startedAt: 1002 }, 1002), 'a success keeps it')
  settle(state, rules, b, 'success', 1003)
  t.equal(state.phase, 'closed')
  settle(state, rules, { startedAt: 0 }, 'failure', 1004)
  t.equal(state.failures, 0, 'what began before it opened does not count')
})

t.test('one failing probe opens it again, and the others are not heard', async (t) => {
  const state = newBreaker()
  open(state, 0)
  const [a, b] = [{ startedAt: 1000 }, { startedAt: 1000 }]
  admit(state, rules, a, 1000)
  admit(state, rules, b, 1000)
  settle(state, rules, a, 'failure', 1500)
  t.equal(state.phase, 'open')
  t.equal(state.since, 1500)
  const [c, d] = [{ startedAt: 2500 }, { startedAt: 2500 }]
  t.ok(admit(state, rules, c, 2500))
  settle(state, rules, b, 'success', 2500)
  settle(state, rules, b, 'failure', 2500)
  t.equal(state.phase, 'half_open', 'an earlier generation says nothing')
  t.equal(state.successes, 0)
  t.ok(admit(state, rules, d, 2500))
})

t.test('a probe that never ends gives up its slot, and is heard while its phase lasts', async (t) => {
  const state = newBreaker()
  open(state, 0)
  const [a, b, c] = [{ startedAt: 1000 }, { startedAt: 1000 }, { startedAt: 2000 }]
  admit(state, rules, a, 1000)
  admit(state, rules, b, 1001)
  t.notOk(admit(state, rules, c, 1999))
  t.ok(admit(state, rules, c, 2000))
  t.equal(state.probes.length, 2)
  settle(state, rules, a, 'success', 5000)
  settle(state, rules, a, 'success', 5000)
  t.equal(state.successes, 1, 'once')
  t.equal(state.probes.length, 2, 'it takes no slot of another')
  settle(state, rules, b, 'success', 5000)
  t.equal(state.phase, 'closed', 'an upstream slower than the timeout recovers')
})

t.test('the time it stays open doubles with each relapse, up to the cap, and begins anew when it closes', async (t) => {
  const state = newBreaker()
  const by = { ...rules, maxResetTimeout: 5000, halfOpenMaxCalls: 1 }
  open(state, 0, by)
  let now = 0
  for (const wait of [1000, 2000, 4000, 5000, 5000]) {
    t.equal(state.until - now, wait)
    t.ok(blocks(state, now + wait - 1))
    now += wait
    const probe = { startedAt: now }
    t.ok(admit(state, by, probe, now))
    settle(state, by, probe, 'failure', now)
  }
  now = state.until
  const probe = { startedAt: now }
  t.ok(admit(state, by, probe, now))
  settle(state, by, probe, 'success', now)
  t.equal(state.phase, 'closed')
  open(state, now, by)
  t.equal(state.until - now, 1000)
})

const rates: RateRules = {
  window: 10_000,
  minimumCalls: 4,
  failureRate: 50,
  slowRate: Infinity,
  slowDuration: Infinity,
}
const byRate: BreakerRules = { ...rules, failureThreshold: Infinity, rates }

t.test('opens by the rate of failures, of enough calls, in the window', async (t) => {
  const state = newBreaker()
  const call = (verdict: OutcomeResult, now: number): string => {
    settle(state, byRate, { startedAt: now }, verdict, now)
    return state.phase
  }
  for (let i = 0; i < 3; i++) t.equal(call('failure', 0), 'closed', 'too few say nothing')
  t.equal(call('success', 10_000), 'closed', 'they have left the window')
  t.equal(call('ignored', 10_000), 'closed')
  t.equal(call('success', 10_000), 'closed')
  t.equal(call('failure', 10_000), 'closed')
  t.equal(call('failure', 19_000), 'open', 'half of four')
  t.equal(state.cause, '2 of 4 calls failed')
})

t.test('opens by the rate of slow calls, failed or not; a slow probe fails', async (t) => {
  const state = newBreaker()
  const by = { ...byRate, rates: { ...rates, failureRate: Infinity, slowRate: 75, slowDuration: 100 } }
  for (const took of [100, 500, 99]) settle(state, by, { startedAt: 0 }, 'success', 0, took)
  settle(state, by, { startedAt: 0 }, 'failure', 0, 100)
  t.equal(state.phase, 'open')
  t.equal(state.cause, '3 of 4 calls were slow')
  const probe = { startedAt: 1000 }
  t.ok(admit(state, by, probe, 1000))
  settle(state, by, probe, 'success', 1000, 100)
  t.equal(state.phase, 'open')
  t.equal(state.cause, 'a probe was slow')
})

t.test('another window counts anew; other rules hold from the next phase on', async (t) => {
  const state = newBreaker()
  for (let i = 0; i < 3; i++) settle(state, byRate, { startedAt: 0 }, 'failure', 0)
  const longer = { ...byRate, rates: { ...rates, window: 20_000 } }
  settle(state, longer, { startedAt: 0 }, 'failure', 0)
  t.equal(state.phase, 'closed')
  trip(state, rules, 0)
  const shrunk = { ...rules, halfOpenMaxCalls: 1, resetTimeout: 1 }
  const [a, b] = [{ startedAt: 1000 }, { startedAt: 1000 }]
  t.notOk(admit(state, shrunk, a, 999))
  t.ok(admit(state, rules, a, 1000))
  t.ok(admit(state, shrunk, b, 1000))
  settle(state, shrunk, a, 'success', 1000)
  t.equal(state.phase, 'half_open')
  settle(state, shrunk, b, 'success', 1000)
  t.equal(state.phase, 'closed')
})

t.test('by hand: tripped it recovers by itself, reset it forgets', async (t) => {
  const state = newBreaker()
  trip(state, rules, 0)
  t.match(state, { phase: 'open', until: 1000, cause: 'tripped by hand' })
  trip(state, rules, 500)
  t.equal(state.until, 1500, 'once more: for longer')
  const probe = { startedAt: 1500 }
  t.ok(admit(state, rules, probe, 1500))
  trip(state, rules, 1600)
  settle(state, rules, probe, 'success', 1700)
  t.match(state, { phase: 'open', until: 2600, failedRecoveries: 0 })
  reset(state, 1800)
  t.ok(admit(state, rules, probe, 1800))
  t.match(state, { phase: 'closed', cause: 'reset by hand' })
  for (let i = 0; i < 2; i++) settle(state, rules, { startedAt: 1900 }, 'failure', 1900)
  reset(state, 1900)
  settle(state, rules, { startedAt: 1950 }, 'failure', 1950)
  t.equal(state.phase, 'closed')
})
