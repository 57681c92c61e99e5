import fc from 'fast-check'
import t from 'tap'
import {
  type AttemptRef,
  admit,
  type BreakerRules,
  blocks,
  newBreaker,
  reset,
  settle,
  trip,
} from '../../../filters/breaker/breaker-state.ts'

const someRules = fc.record<BreakerRules>({
  failureThreshold: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(Infinity)),
  rates: fc.option(
    fc.record({
      window: fc.integer({ min: 10, max: 2000 }),
      minimumCalls: fc.integer({ min: 1, max: 5 }),
      failureRate: fc.constantFrom(20, 50, Infinity),
      slowRate: fc.constantFrom(30, 100, Infinity),
      slowDuration: fc.constantFrom(50, Infinity),
    }),
    { nil: undefined },
  ),
  resetTimeout: fc.integer({ min: 1, max: 1000 }),
  maxResetTimeout: fc.integer({ min: 1, max: 5000 }),
  halfOpenMaxCalls: fc.integer({ min: 1, max: 4 }),
})

t.test('of 256 at once, exactly as many as allowed pass, in every half-open phase', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        someRules,
        fc.integer({ min: 1, max: 300 }),
        fc.nat(5),
        (some, halfOpenMaxCalls, failedRecoveries) => {
          const rules = { ...some, halfOpenMaxCalls }
          const state = newBreaker()
          trip(state, rules, 0)
          for (let phase = 0; phase <= failedRecoveries; phase++) {
            const now = state.until
            const passed: AttemptRef[] = []
            for (let i = 0; i < 256; i++) {
              const attempt = { startedAt: now }
              if (blocks(state, now) === admit(state, rules, attempt, now)) return false
              if (state.phaseProbes.has(attempt)) passed.push(attempt)
            }
            if (passed.length !== Math.min(256, halfOpenMaxCalls)) return false
            settle(state, rules, passed[0]!, 'failure', 0, now)
          }
          return true
        },
      ),
      { numRuns: 100 },
    ),
  )
})

interface Step {
  readonly wait: number
  readonly what: 'start' | 'start' | 'end' | 'trip' | 'reset' | 'reload'
  readonly which: number
  /** `ignored`: the client left, or a later filter refused. */
  readonly verdict: 'success' | 'failure' | 'ignored'
  readonly rules: BreakerRules
}

const step = fc.record<Step>({
  wait: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })),
  what: fc.oneof(
    { weight: 40, arbitrary: fc.constant('start' as const) },
    { weight: 40, arbitrary: fc.constant('end' as const) },
    { weight: 2, arbitrary: fc.constantFrom('trip' as const, 'reset' as const, 'reload' as const) },
  ),
  which: fc.nat(),
  verdict: fc.constantFrom('success', 'failure', 'failure', 'ignored'),
  rules: someRules,
})

/** What a phase has seen, counted beside the breaker. */
interface Seen {
  /** Probes out, by when they went. */
  readonly out: Map<AttemptRef, number>
  successes: number
  readonly slots: number
  readonly hold: number
}

t.test('random interleavings: never too many probes, never stuck, never moved by an earlier phase', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(someRules, fc.array(step, { maxLength: 150 }), (first, steps) => {
        const state = newBreaker()
        let rules = first
        const out: { attempt: AttemptRef; phase: number }[] = []
        let seen: Seen | undefined
        let phase = 0
        let now = 0
        /** The breaker as it is told apart from others: what a result of an earlier phase may not change. */
        const look = (): string => JSON.stringify(state)
        const moved = (before: string): void => {
          if (state.phase === before) return
          phase++
          seen = undefined
        }
        for (const { wait, what, which, verdict, rules: other } of steps) {
          now += wait
          const before = state.phase
          if (what === 'reload') rules = other
          else if (what === 'start') {
            const attempt = { startedAt: now }
            const passed = admit(state, rules, attempt, now)
            moved(before)
            if (before === 'closed' && !passed) return false
            if (before === 'open' && passed !== (state.phase === 'half_open')) return false
            if (!passed) continue
            out.push({ attempt, phase })
            if (state.phase !== 'half_open') continue
            seen ??= { out: new Map(), successes: 0, slots: rules.halfOpenMaxCalls, hold: rules.resetTimeout }
            seen.out.set(attempt, now)
            const { slots, hold, successes } = seen
            const held = [...seen.out.values()].filter((at) => now - at < hold).length
            if (held + successes > slots) return false
          } else if (what === 'end') {
            if (out.length === 0) continue
            const [ended] = out.splice(which % out.length, 1)
            const untouched = look()
            const { since } = state
            const probe = seen?.out.delete(ended!.attempt) === true
            settle(state, rules, ended!.attempt, verdict, which % 100, now)
            if (state.phase === 'half_open' && probe && verdict === 'success') seen!.successes++
            if (before === 'open' && look() !== untouched) return false
            if (before === 'half_open' && !probe && look() !== untouched) return false
            if (before === 'closed' && ended!.attempt.startedAt < since && look() !== untouched) return false
            if (verdict === 'ignored' && state.phase !== before) return false
            moved(before)
          } else {
            if (what === 'trip') trip(state, rules, now)
            else reset(state, now)
            phase++
            seen = undefined
          }
        }
        // Whatever happened, and whatever never ended: a healthy upstream closes it.
        if (state.phase === 'open') now = Math.max(now, state.until)
        if (state.phase === 'half_open') now += state.probeTimeout
        for (let i = 0; i < 4 && (state.phase as string) !== 'closed'; i++) {
          const attempt = { startedAt: now }
          if (!admit(state, rules, attempt, now)) return false
          settle(state, rules, attempt, 'success', 0, now)
        }
        return state.phase === 'closed' && state.failedRecoveries === 0
      }),
      { numRuns: 2000 },
    ),
  )
})
