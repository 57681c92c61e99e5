import t from 'tap'
import { StartConditions } from '../../../core/state/start-conditions.ts'
import { ManualClock } from '../../../core/testing/manual-clock.ts'

t.test('a condition counts until it has held once', async (t) => {
  const conditions = new StartConditions(new ManualClock())
  let holds = false
  conditions.add('keys', () => holds)
  conditions.add('keys', () => true)
  t.strictSame(conditions.check(), { keys: false }, 'all of one name')
  holds = true
  t.strictSame(conditions.check(), {})
  holds = false
  t.strictSame(conditions.check(), {}, 'a gateway that was ready stays in traffic')
  conditions.add('more', () => false)
  t.strictSame(conditions.check(), {}, 'what a reload brings does not count')
})

t.test('no longer than 30 s, and not after it is withdrawn', async (t) => {
  const clock = new ManualClock()
  const conditions = new StartConditions(clock)
  conditions.add('keys', () => false)
  const withdraw = conditions.add('other', () => false)
  t.strictSame(conditions.check(), { keys: false, other: false })
  withdraw()
  clock.advance(29_999)
  t.strictSame(conditions.check(), { keys: false })
  clock.advance(1)
  t.strictSame(conditions.check(), {})
})
