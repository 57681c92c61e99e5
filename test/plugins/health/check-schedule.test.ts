import t from 'tap'
import { CheckSchedule } from '../../../plugins/health/check-schedule.ts'

const INTERVAL = 10_000

/** Times at which the first checks start, if each takes no time. */
function startsOf(random: number, count: number, interval = INTERVAL): number[] {
  const schedule = new CheckSchedule(() => random)
  const starts: number[] = []
  let now = 500
  for (let i = 0; i < count; i++) {
    now += schedule.untilNext(interval, now)
    starts.push(now)
    schedule.checkStarted(now)
    schedule.checkDone()
  }
  return starts
}

t.test('the first two checks are spread, the others come by the interval', async (t) => {
  t.same(startsOf(0, 4), [500, 5500, 15_500, 25_500])
  t.same(startsOf(0.5, 4), [1000, 11_000, 21_000, 31_000])
  t.same(startsOf(0.9, 3), [1400, 15_400, 25_400])
})

t.test('the first check waits no longer than a short interval', async (t) => {
  t.same(startsOf(0.5, 2, 100), [550, 650])
})

t.test('a slow check does not shift the schedule; one slower than the interval is followed at once', async (t) => {
  const schedule = new CheckSchedule(() => 0.5)
  schedule.untilNext(INTERVAL, 0)
  schedule.checkStarted(1000)
  schedule.checkDone()
  t.equal(schedule.untilNext(INTERVAL, 4000), 7000)
  schedule.checkStarted(11_000)
  schedule.checkDone()
  t.equal(schedule.untilNext(INTERVAL, 25_000), 0)
})

t.test('a check that was given up, and a restart, are as if nothing had been checked', async (t) => {
  const schedule = new CheckSchedule(() => 0.5)
  schedule.untilNext(INTERVAL, 0)
  schedule.checkStarted(500)
  t.equal(schedule.untilNext(INTERVAL, 2000), 500)
  schedule.checkStarted(2500)
  schedule.checkDone()
  schedule.restart()
  t.equal(schedule.untilNext(INTERVAL, 3000), 500)
})
