import t from 'tap'
import type { Finished } from '../../../core/api/filter.ts'
import { systemClock } from '../../../core/base/clock.ts'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { Runtime } from '../../../core/chain/runtime.ts'
import { Metrics } from '../../../core/observe/metrics.ts'
import { RecordingLogger } from '../../../core/testing/recording-logger.ts'

t.test('an observer that throws keeps neither the next observer nor the access line away', (t) => {
  const told: string[] = []
  const logger = new RecordingLogger()
  const accessLog = { configure() {}, write: () => void told.push('access log'), flushSync() {} }
  const runtime = new Runtime({ clock: systemClock, timers: new TimerWheel(), logger, meter: new Metrics(), accessLog })
  runtime.observers = [
    {
      finished() {
        throw new Error('no room')
      },
    },
    { finished: ({ status }) => void told.push(`observer ${status}`) },
  ]
  runtime.log([], { status: 204 } as Finished)
  t.strictSame(told, ['observer 204', 'access log'])
  t.match(logger.lines, [{ fields: { filter: 'engine', err: { message: 'no room' } } }])
  t.end()
})
