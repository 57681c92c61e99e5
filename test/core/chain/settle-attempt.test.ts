import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { AttemptState } from '../../../core/chain/attempt-state.ts'
import type { CompiledChain } from '../../../core/chain/compiled-chain.ts'
import { Runtime } from '../../../core/chain/runtime.ts'
import { settleAttempt } from '../../../core/chain/settle-attempt.ts'
import type { ExchangeObserver } from '../../../core/index.ts'

import { exchange, ManualClock, MemoryMeter, RecordingLogger } from '../../../core/testing.ts'

function setUp(...observers: ExchangeObserver[]) {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  const runtime = new Runtime({ clock, timers: new TimerWheel({ manual: true }), logger, meter: new MemoryMeter() })
  for (const observer of observers) runtime.observe(observer, true)
  const x = exchange()
  const settle = (attempt: AttemptState, admits = 0): void => {
    const compiled = { admits: Array.from({ length: admits }, () => ({ index: 0 })), settleds: [] }
    settleAttempt(attempt, 'success', undefined, x, compiled as unknown as CompiledChain, runtime, runtime)
  }
  return { clock, logger, runtime, settle }
}

t.test('observers are told once of an attempt that was made, and how long it took', async (t) => {
  const told: unknown[] = []
  const { clock, settle } = setUp({
    finished() {},
    attempted: (_x, { number }, { result, totalMs }) => void told.push([number, result, totalMs]),
  })
  const attempt = new AttemptState(2, undefined, 0)
  clock.advance(30)
  settle(attempt)
  settle(attempt)
  t.same(told, [[2, 'success', 30]])
})

t.test('of one that a filter refused they are not told', async (t) => {
  let told = 0
  const { settle } = setUp({ finished() {}, attempted: () => void told++ })
  const refused = new AttemptState(1, undefined, 0)
  refused.pass()
  settle(refused, 2)
  t.equal(told, 0)
  const admitted = new AttemptState(1, undefined, 0)
  admitted.pass()
  admitted.pass()
  settle(admitted, 2)
  t.equal(told, 1)
})

t.test('an observer that throws, and one that does not care about attempts, stop no other', async (t) => {
  let told = 0
  const broken: ExchangeObserver = {
    finished() {},
    attempted() {
      throw new Error('no room')
    },
  }
  const { settle, logger, runtime } = setUp(broken, { finished() {} }, { finished() {}, attempted: () => void told++ })
  settle(new AttemptState(1, undefined, 0))
  t.equal(told, 1)
  t.match(logger.lines, [{ fields: { filter: 'engine', hook: 'settled', err: { message: 'no room' } } }])
  runtime.observe(broken, true)
  t.equal(runtime.observers.length, 3, 'nobody is told twice')
  runtime.observe(broken, false)
  settle(new AttemptState(1, undefined, 0))
  t.equal(logger.lines.length, 1)
})
