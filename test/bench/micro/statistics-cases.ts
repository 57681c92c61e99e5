import { RouteSlot } from '../../../core/api/endpoint.ts'
import { systemClock } from '../../../core/base/clock.ts'
import type { Finished } from '../../../core/index.ts'
import { attempt, endpoint, exchange, MemoryMeter, outcome, targetOf, withResponse } from '../../../core/testing.ts'
import { TrafficCounter } from '../../../plugins/statistics/traffic-counter.ts'
import type { MicroCase } from './micro-case.ts'

/** What the statistics cost per request: the exchange and its attempt, at one endpoint and at a thousand in turn. */
export function statisticsCases(): MicroCase[] {
  const traffic = new TrafficCounter(systemClock, new MemoryMeter(), new Set(['admin']))
  traffic.configure(10_000, 64 * 1024 ** 2)
  const success = outcome('success', 200)
  const all = Array.from({ length: 1000 }, (_, i) => {
    const api = endpoint(`v1/api-${i}`, { targets: [targetOf(`http://api-${i}.test`)] })
    const x = withResponse(exchange({}, systemClock.now()))
    x.set(RouteSlot, { endpoint: api, path: '/items', template: '/' })
    const finished: Finished = {
      exchange: x,
      outcome: 'completed',
      status: 200,
      error: undefined,
      durationMs: 0,
      listener: 'proxy',
      attempts: 1,
      bytesReceived: 0,
      bytesSent: 1024,
    }
    return { x, finished, call: attempt(x.startedAt, 1, api.targets[0]) }
  })
  let turn = 0
  const count = (of: number): void => {
    const { x, finished, call } = all[of]!
    traffic.attempted(x, call, success)
    // From 1 to 33 ms.
    ;(finished as { durationMs: number }).durationMs = 1 + (turn++ & 31)
    traffic.finished(finished)
  }
  return [
    { name: 'statistics: a request with one attempt', run: () => count(0) },
    { name: 'statistics: the same, at a thousand endpoints in turn', run: () => count(turn % 1000) },
  ]
}
