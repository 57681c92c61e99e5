import t from 'tap'
import { IdleWatchdog } from '../../../core/base/idle-watchdog.ts'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'

const TICK = 50

/** A watchdog on a wheel that turns only when told, and what its owner was told. */
function watched(limit: number, maxWait?: number) {
  let now = 0
  const timers = new TimerWheel({ tick: TICK, manual: true, now: () => now })
  const fired: { at: number; idleMs: number }[] = []
  const owner = {
    limit,
    idleLimit: () => owner.limit,
    onIdle: (idleMs: number) => void fired.push({ at: now, idleMs }),
  }
  return {
    timers,
    fired,
    owner,
    watchdog: new IdleWatchdog(timers, owner, maxWait),
    pass(ms: number): void {
      for (const end = now + ms; now < end; ) {
        now = Math.min(now + TICK, end)
        timers.advance()
      }
    },
  }
}

t.test('being idle for as long as the limit fires once, never early, at most three ticks late', async (t) => {
  const { watchdog, fired, timers, pass } = watched(1000)
  pass(5000)
  t.strictSame(fired, [], 'not before it is started')
  watchdog.start()
  pass(999)
  t.strictSame(fired, [])
  pass(1 + 3 * TICK)
  t.equal(fired.length, 1)
  t.ok(fired[0]!.idleMs >= 1000 && fired[0]!.idleMs <= 1000 + 3 * TICK, `idle for ${fired[0]!.idleMs} ms`)
  t.equal(timers.size, 0)
  pass(10_000)
  t.equal(fired.length, 1)
})

t.test('activity moves the deadline, and creates none', async (t) => {
  const { watchdog, fired, timers, pass } = watched(1000)
  watchdog.start()
  for (let i = 0; i < 20; i++) {
    pass(900)
    watchdog.touch()
    t.equal(timers.size, 1)
  }
  t.strictSame(fired, [])
  pass(1000 + 3 * TICK)
  t.equal(fired.length, 1)
})

t.test('nothing fires after a stop, and a start counts from then', async (t) => {
  const { watchdog, fired, timers, pass } = watched(1000)
  watchdog.start()
  pass(900)
  watchdog.stop()
  watchdog.stop()
  t.equal(timers.size, 0)
  pass(5000)
  watchdog.start()
  watchdog.start()
  t.equal(timers.size, 1)
  pass(999)
  t.strictSame(fired, [])
  pass(1 + 3 * TICK)
  t.equal(fired.length, 1)
})

t.test('an infinite limit creates no deadline', async (t) => {
  const { watchdog, fired, owner, timers, pass } = watched(Infinity)
  watchdog.start()
  t.equal(timers.size, 0)
  pass(5000)
  owner.limit = 1000
  watchdog.limitChanged()
  pass(1000 + 3 * TICK)
  t.equal(fired.length, 1)
  t.ok(fired[0]!.idleMs >= 5000, 'silence from before the change counts')
})

t.test('a limit that changes without limitChanged is noticed within maxWait', async (t) => {
  const { watchdog, fired, owner, timers, pass } = watched(10_000, 500)
  watchdog.start()
  owner.limit = Infinity
  pass(60_000)
  t.strictSame(fired, [])
  t.equal(timers.size, 1)
  watchdog.touch()
  owner.limit = 700
  pass(700 + 4 * TICK)
  t.equal(fired.length, 1)
})

t.test('the owner may start it again when it fires', async (t) => {
  const { watchdog, fired, owner, timers, pass } = watched(1000)
  const { onIdle } = owner
  owner.onIdle = (idleMs) => {
    onIdle(idleMs)
    if (fired.length < 3) watchdog.start()
  }
  watchdog.start()
  pass(3 * (1000 + 3 * TICK))
  t.equal(fired.length, 3)
  t.equal(timers.size, 0)
})
