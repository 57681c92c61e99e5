import fc from 'fast-check'
import t from 'tap'
import {
  admit,
  type BreakerRules,
  type BreakerState,
  newBreaker,
  retryAfter,
  settle,
  type Try,
} from '../../../filters/breaker/state.ts'

const rules: BreakerRules = { failureThreshold: 3, resetTimeout: 1000, halfOpenMaxCalls: 2 }

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
  t.notOk(admit(state, rules, { startedAt: 999 }, 999))
  t.equal(retryAfter(state, rules, 0), 1)
  t.equal(retryAfter(state, { ...rules, resetTimeout: 60_000 }, 100), 60)
})

t.test('recovers after as many successes as probes', async (t) => {
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

t.test('of 256 at once, exactly as many as allowed pass', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (halfOpenMaxCalls) => {
        const own = { ...rules, halfOpenMaxCalls }
        const state = newBreaker()
        open(state, 0, own)
        let passed = 0
        for (let i = 0; i < 256; i++) if (admit(state, own, { startedAt: 1000 }, 1000)) passed++
        return passed === Math.min(256, halfOpenMaxCalls)
      }),
      { numRuns: 50 },
    ),
  )
})

type Step = { wait: number; start: boolean; which: number; verdict: 'success' | 'failure' | 'ignored' | 'never' }

t.test('random interleavings', async (t) => {
  const step = fc.record<Step>({
    wait: fc.integer({ min: 0, max: 400 }),
    start: fc.boolean(),
    which: fc.nat(),
    verdict: fc.constantFrom('success', 'failure', 'failure', 'ignored', 'never'),
  })
  const someRules = fc.record({
    failureThreshold: fc.integer({ min: 1, max: 4 }),
    resetTimeout: fc.integer({ min: 1, max: 1000 }),
    halfOpenMaxCalls: fc.integer({ min: 1, max: 4 }),
  })
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(someRules, fc.array(step, { maxLength: 120 }), (by, steps) => {
        const state = newBreaker()
        const out = new Map<Try, { probe: boolean; at: number }>()
        let now = 0
        for (const { wait, start, which, verdict } of steps) {
          now += wait
          if (start) {
            const attempt = { startedAt: now }
            const before = state.phase
            const passed = admit(state, by, attempt, now)
            if (before === 'closed' && !passed) return false
            if (passed) out.set(attempt, { probe: state.phase === 'half_open', at: now })
            if (before === 'open' && state.phase === 'half_open')
              for (const [a, o] of out) if (a !== attempt) o.probe = false
          } else if (out.size > 0) {
            const attempt = [...out.keys()][which % out.size]!
            if (verdict !== 'never') {
              settle(state, by, attempt, verdict, now)
              out.delete(attempt)
            }
          }
          const fresh = [...out.values()].filter((o) => o.probe && now - o.at < by.resetTimeout).length
          if (state.phase === 'half_open' && fresh > by.halfOpenMaxCalls) return false
          if (state.probes.length > by.halfOpenMaxCalls) return false
        }
        // Whatever happened: a healthy upstream closes it.
        now += by.resetTimeout
        for (let i = 0; i < by.halfOpenMaxCalls; i++) {
          const attempt = { startedAt: now }
          if (!admit(state, by, attempt, now)) return false
          settle(state, by, attempt, 'success', now)
        }
        return state.phase === 'closed' && state.failures === 0
      }),
      { numRuns: 1000 },
    ),
  )
})
