import t from 'tap'
import { runAtOnce, runInSlices, type SlicedWork, TimeSlice } from '../../../core/base/time-slice.ts'

/** Work of three steps, each longer than a slice. */
function* work(log: string[]): SlicedWork<string> {
  for (const step of ['one', 'two', 'three']) {
    const end = performance.now() + 11
    while (performance.now() < end);
    log.push(step)
    yield
  }
  return 'done'
}

t.test('work in slices lets other work run between its steps', async (t) => {
  const log: string[] = []
  setImmediate(() => log.push('other'))
  t.equal(await runInSlices(work(log)), 'done')
  t.equal(log.indexOf('other'), 1, log.join())
})

t.test('work at once lets no other work run', async (t) => {
  const log: string[] = []
  setImmediate(() => log.push('other'))
  t.equal(runAtOnce(work(log)), 'done')
  t.strictSame(log, ['one', 'two', 'three'])
})

t.test('work that throws ends with its error', async (t) => {
  function* broken(): SlicedWork<string> {
    yield
    throw new Error('no')
  }
  await t.rejects(runInSlices(broken()), { message: 'no' })
  t.throws(() => runAtOnce(broken()), { message: 'no' })
})

t.test('a new slice begins after a yield', async (t) => {
  const slice = new TimeSlice()
  t.notOk(slice.isOver)
  runAtOnce(work([]))
  t.ok(slice.isOver)
  await slice.yield()
  t.notOk(slice.isOver)
})
