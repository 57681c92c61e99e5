import t from 'tap'
import type { Logger } from '../../../core/api/logger.ts'
import { silentLogger } from '../../../core/api/logger.ts'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { RepeatedLines } from '../../../core/observe/repeated-lines.ts'
import { ManualClock } from '../../../core/testing.ts'

function make() {
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const lines: object[] = []
  const logger: Logger = { ...silentLogger, warn: (fields, msg) => void lines.push({ ...fields, msg }) }
  const wait = (ms: number): void => {
    clock.advance(ms)
    timers.advance()
  }
  return { timers, lines, wait, repeated: new RepeatedLines(logger, clock, timers) }
}

t.test('the first at once, then one line for each ten seconds, with their number', async (t) => {
  const { timers, lines, wait, repeated } = make()
  repeated.warn('b', { i: 0 }, 'failed')
  t.equal(timers.size, 0, 'one line alone waits for nothing')
  for (let i = 0; i < 1000; i++) repeated.warn('a', { i }, 'failed')
  t.match(lines.splice(0), [{ i: 0 }, { i: 0 }])
  wait(10_100)
  t.strictSame(lines.splice(0), [{ i: 999, suppressed: 999, msg: 'failed' }])
  repeated.warn('a', { i: 1000 }, 'failed')
  t.strictSame(lines, [], 'the next ten seconds are counted, too')
  repeated.warn('b', { i: 1 }, 'failed')
  t.strictSame(lines.splice(0), [{ i: 1, msg: 'failed' }], 'ten quiet seconds begin anew')
  wait(10_100)
  t.strictSame(lines.splice(0), [{ i: 1000, suppressed: 1, msg: 'failed' }])
  wait(10_100)
  repeated.warn('a', { i: 1001 }, 'failed')
  t.strictSame(lines, [{ i: 1001, msg: 'failed' }])
  t.equal(timers.size, 0)
})

t.test('the end of the process loses no count', async (t) => {
  const { timers, lines, repeated } = make()
  for (let i = 0; i < 3; i++) repeated.warn('a', { i }, 'failed')
  repeated.flush()
  t.match(lines, [{ i: 0 }, { i: 2, suppressed: 2 }])
  t.equal(timers.size, 0)
})

t.test('the number of keys is bounded, and those of long ago make room', async (t) => {
  const { timers, lines, wait, repeated } = make()
  for (let i = 0; i < 5000; i++) repeated.warn(`key ${i}`, { i }, 'failed')
  t.equal(lines.splice(0).length, 1001)
  t.equal(timers.size, 1)
  wait(10_100)
  t.match(lines.splice(0), [{ suppressed: 3999 }])
  repeated.warn('another', { i: 1 }, 'failed')
  t.match(lines, [{ i: 1 }])
})
