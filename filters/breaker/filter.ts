import { defineFilter, type Outcome, reply } from '../../core/index.ts'
import { BreakerGauges } from './gauges.ts'
import { failureTable, options } from './options.ts'
import { admit, type BreakerRules, newBreaker, type Phase, retryAfter, STATE_VERSION, settle } from './state.ts'

export const breaker = defineFilter({
  name: 'breaker',
  apiVersion: 1,
  summary: 'Stops calling an endpoint that keeps failing, and tries again with a few probes.',
  options,
  perEndpoint: true,
  create({ failure_threshold, reset_timeout, half_open_max_calls, failure_statuses }, env) {
    const { clock, log, meter } = env
    if (env.endpoint === undefined) throw new Error('a breaker guards an endpoint and was made without one')
    const endpoint = env.endpoint.id
    const rules: BreakerRules = {
      failureThreshold: failure_threshold,
      resetTimeout: reset_timeout,
      halfOpenMaxCalls: half_open_max_calls,
    }
    const failing = failureTable(failure_statuses)
    const state = env.share('state', { version: STATE_VERSION, make: newBreaker })
    const gauges = env.share<BreakerGauges>('gauges', {
      scope: 'factory',
      version: 1,
      make: () => new BreakerGauges(meter),
      close: (value) => value.close(),
    })
    gauges.add(endpoint, state)

    function report(before: Phase): void {
      const { phase } = state
      if (phase === 'open') log.warn({ endpoint, from: before }, 'breaker opened')
      else log.info({ endpoint, from: before }, phase === 'closed' ? 'breaker closed' : 'breaker half open')
    }

    function judge(outcome: Outcome): Outcome['result'] {
      if (outcome.result !== 'success' || outcome.status === undefined) return outcome.result
      return failing[outcome.status] === 1 ? 'failure' : 'success'
    }

    return {
      admit(_x, attempt) {
        const before = state.phase
        if (before === 'closed') return
        const now = clock.now()
        const passes = admit(state, rules, attempt, now)
        if (state.phase !== before) report(before)
        if (passes) return
        return reply(503, 'breaker_open', {
          headers: { 'Retry-After': String(retryAfter(state, rules, now)) },
          detail: 'The endpoint has failed too often and is being left alone for a while.',
        })
      },
      settled(_x, attempt, outcome) {
        const before = state.phase
        settle(state, rules, attempt, judge(outcome), clock.now())
        if (state.phase !== before) report(before)
      },
      explain: () => [
        `opens after ${failure_threshold} failures in a row (${failure_statuses.join(', ')}, or no answer)`,
        `then answers 503 breaker_open for ${reset_timeout / 1000} s, and tries again with ${half_open_max_calls} calls`,
        'whether it is open, the running gateway knows',
      ],
      dispose() {
        gauges.remove(state)
      },
    }
  },
})
