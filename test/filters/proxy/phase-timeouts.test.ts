import t from 'tap'
import {
  deadlineError,
  type RequestPhase,
  shortestLimit,
  silenceError,
  silenceLimit,
} from '../../../filters/proxy/phase-timeouts.ts'

const limits = { connect: 10, firstByte: 20, idle: 30, tunnel: 40 }

t.test('each phase has its limit and its errors', async (t) => {
  const table: [RequestPhase, limit: number, silence: string, deadline: string, clientIsSlow: string][] = [
    ['connecting', 10, 'upstream_connect_timeout', 'upstream_connect_timeout', 'request_body_timeout'],
    ['sending', 30, 'upstream_idle_timeout', 'upstream_timeout', 'request_body_timeout'],
    ['waiting', 20, 'upstream_timeout', 'upstream_timeout', 'request_body_timeout'],
    ['body', 30, 'upstream_idle_timeout', 'upstream_timeout', 'client_stalled'],
  ]
  for (const [phase, limit, silence, deadline, clientIsSlow] of table) {
    t.equal(silenceLimit(phase, limits), limit, phase)
    t.equal(silenceError(phase), silence, phase)
    t.equal(deadlineError(phase, false), deadline, phase)
    t.equal(deadlineError(phase, true), clientIsSlow, phase)
  }
})

t.test('the shortest limit of all phases; that of tunnels is none of them', async (t) => {
  t.equal(shortestLimit({ ...limits, tunnel: 1 }), 10)
  t.equal(shortestLimit({ ...limits, idle: 5 }), 5)
})
