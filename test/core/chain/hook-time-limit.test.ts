import t from 'tap'
import { TimerWheel } from '../../../core/base/timer-wheel.ts'
import { HookTimeLimit } from '../../../core/chain/hook-time-limit.ts'
import { ManualClock } from '../../../core/testing.ts'

/** A hook with a limit of 1 s, and time that the test sets. */
function limited(run: (limit: HookTimeLimit<string>) => string | PromiseLike<string>) {
  const clock = new ManualClock()
  const timers = new TimerWheel({ manual: true, now: () => clock.now() })
  const late: string[] = []
  const hook = { name: 'slow', hook: 'upstream', limitMs: 1000 }
  const limit = new HookTimeLimit<string>(
    hook,
    timers,
    () => clock.now(),
    run,
    (result) => late.push(result),
  )
  const pass = (ms: number): void => {
    clock.advance(ms)
    timers.advance()
  }
  return { limit, late, timers, pass }
}

t.test('a hook in time leaves no deadline', async (t) => {
  for (const result of ['now', Promise.resolve('soon')]) {
    const { limit, timers, pass } = limited(() => result)
    t.equal(await limit.result, await result)
    t.equal(timers.size, 0)
    pass(5000)
  }
  const failing = limited(() => Promise.reject(new Error('its own')))
  await t.rejects(failing.limit.result, { message: 'its own' })
  t.equal(failing.timers.size, 0)
  const throwing = limited(() => {
    throw new Error('at once')
  })
  await t.rejects(throwing.limit.result, { message: 'at once' })
})

t.test('a hook that takes too long is an error that names it, and late gets its result', async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const { limit, late, pass } = limited(() => promise)
  pass(900)
  pass(200)
  await t.rejects(limit.result, {
    code: 'filter_timeout',
    filter: 'slow',
    hook: 'upstream',
    cause: { message: 'it took longer than 1000 ms' },
  })
  t.same(late, [])
  resolve('late')
  await promise
  await null
  t.same(late, ['late'])
})

t.test('the time of a pause does not count', async (t) => {
  const { limit, pass } = limited(() => new Promise<never>(() => {}))
  pass(500)
  limit.pause()
  pass(60_000)
  limit.resume()
  let over = false
  limit.result.catch(() => {
    over = true
  })
  pass(400)
  await null
  t.equal(over, false, '900 ms of its own')
  pass(200)
  await t.rejects(limit.result, { code: 'filter_timeout' })
})

t.test('pauses nest, and end with the hook', async (t) => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const { limit, timers, pass } = limited(() => promise)
  limit.pause()
  limit.pause()
  limit.resume()
  pass(60_000)
  t.equal(timers.size, 0, 'still paused')
  limit.resume()
  t.equal(timers.size, 1)
  resolve('done')
  t.equal(await limit.result, 'done')
  limit.pause()
  limit.resume()
  t.equal(timers.size, 0, 'the hook is over')
})
