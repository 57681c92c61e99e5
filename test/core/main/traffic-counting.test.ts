import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { Runtime } from '../../../core/chain/runtime.ts'
import { OwnReports } from '../../../core/control/reports.ts'
import { DEFAULT_STATISTICS } from '../../../core/control/statistics.ts'
import { count, makeTrafficCounter } from '../../../core/main/traffic-counting.ts'
import { exchange, ManualClock, MemoryMeter, RecordingLogger } from '../../../core/testing.ts'
import type { Counted } from '../../../plugins/statistics/step-counters.ts'

t.test('a process counts while statistics are on, and reports what it has counted', async (t) => {
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true })
  const runtime = new Runtime({ clock, timers, logger: new RecordingLogger(), meter: new MemoryMeter() })
  const reports = new OwnReports()
  const traffic = makeTrafficCounter(runtime, reports)
  const finished = { outcome: 'completed', status: 200, error: undefined, durationMs: 0 } as const
  const request = (listener: string) => runtime.log([], { ...finished, exchange: exchange(), listener })
  const pieces = async () => ((await reports.ask('statistics', {})) as Counted[]).flatMap((counted) => counted.pieces)

  count(traffic, runtime, undefined, 1)
  t.strictSame(runtime.observers, [], 'off costs nothing')
  request('proxy')
  t.same(await pieces(), [])

  count(traffic, runtime, DEFAULT_STATISTICS, 1)
  request('admin')
  request('probes')
  t.same(await pieces(), [], 'listeners without endpoints do not count')
  request('proxy')
  t.equal((await pieces()).length, 1)

  count(traffic, runtime, undefined, 1)
  t.strictSame(runtime.observers, [])
})

t.test('the memory is divided between the processes, the primary included', async (t) => {
  const given: number[] = []
  const traffic = { configure: (_step: number, bytes: number) => void given.push(Math.round(bytes)) }
  const runtime = { observe() {} }
  for (const processes of [1, 2, 8])
    count(traffic as never, runtime as never, { ...DEFAULT_STATISTICS, maxMemory: 9000 }, processes)
  t.same(given, [2700, 900, 300])
})
