import { execFileSync } from 'node:child_process'
import t from 'tap'
import { sleep, startInterval, startTimer } from '../../../core/base/timer.ts'

const MAX = 2 ** 31 - 1

t.test('a wait that is too long for Node is split', async (t) => {
  const waits: number[] = []
  let next = (): void => {}
  const real = globalThis.setTimeout
  t.teardown(() => {
    globalThis.setTimeout = real
  })
  globalThis.setTimeout = ((fire: () => void, ms: number) => {
    waits.push(ms)
    next = fire
    return { unref() {} }
  }) as never
  let fired = 0
  startTimer(2 * MAX + 7, () => fired++)
  next()
  next()
  t.equal(fired, 0)
  next()
  t.equal(fired, 1)
  t.strictSame(waits, [MAX, MAX, 7])
  startTimer(Infinity, () => fired++)
  for (let i = 0; i < 100; i++) next()
  t.equal(fired, 1)
  t.ok(waits.every((ms) => ms <= MAX))
})

t.test('it fires once, or not at all', async (t) => {
  let fired = 0
  startTimer(1, () => fired++)
  const timer = startTimer(1, () => (fired += 10))
  timer.cancel()
  const every = startInterval(2, () => (fired += 100))
  await sleep(20)
  every.cancel()
  t.match(fired, Number)
  t.equal(fired % 100, 1)
  t.ok(fired >= 101)
})

t.test('sleep rejects when its signal aborts, before and meanwhile', async (t) => {
  const reason = new Error('enough')
  await t.rejects(sleep(1, AbortSignal.abort(reason)), reason)
  const controller = new AbortController()
  const waiting = sleep(1_000_000, controller.signal)
  controller.abort(reason)
  await t.rejects(waiting, reason)
})

t.test('one in the background holds up nothing', async () => {
  const file = JSON.stringify(new URL('../../../core/base/timer.ts', import.meta.url).href)
  const script = `const { startTimer, startInterval } = await import(${file})
startTimer(1_000_000, () => {}, { background: true })
startInterval(1_000_000, () => {})`
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 })
})
