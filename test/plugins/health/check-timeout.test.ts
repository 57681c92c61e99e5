import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { startCheckTimeout } from '../../../plugins/health/check-timeout.ts'

const TICK = 50

/** A timeout of one second on a clock that moves only when told. */
function started() {
  let now = 0
  let fired = 0
  const timers = new TimerWheel({ tick: TICK, manual: true, now: () => now })
  const clock = { now: () => now, wall: () => now }
  const cancel = startCheckTimeout(timers, clock, 1000, () => fired++)
  const stall = (ms: number): void => {
    now += ms
    timers.advance()
  }
  return {
    cancel,
    stall,
    fired: () => fired,
    run: (ms: number): void => {
      for (let passed = 0; passed < ms; passed += TICK) stall(TICK)
    },
  }
}

t.test('it fires once, not early, and a little late at most', async (t) => {
  const { run, fired } = started()
  run(950)
  t.equal(fired(), 0)
  run(50 + 4 * 2 * TICK)
  t.equal(fired(), 1)
  run(5000)
  t.equal(fired(), 1)
})

t.test('a stall uses up no more than a quarter of it', async (t) => {
  const { run, stall, fired } = started()
  stall(60_000)
  t.equal(fired(), 0)
  run(600)
  t.equal(fired(), 0)
  run(400 + 4 * 2 * TICK)
  t.equal(fired(), 1)
})

t.test('it can be cancelled at any time', async (t) => {
  const { run, cancel, fired } = started()
  run(600)
  cancel()
  run(5000)
  t.equal(fired(), 0)
})
