import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { withTimeLimit } from '../../../core/base/time-limit.ts'

const never = new Promise<never>(() => {})

t.test('work in time', async (t) => {
  t.equal(await withTimeLimit(10_000, 'work', Promise.resolve('done')), 'done')
  t.equal(await withTimeLimit(10_000, 'work', 'no promise'), 'no promise')
  t.equal(await withTimeLimit(10_000, 'work', undefined), undefined)
  const error = new Error('its own')
  t.equal(await withTimeLimit(10_000, 'work', Promise.reject(error)).catch((thrown: unknown) => thrown), error)
})

t.test('work that takes too long', async (t) => {
  await t.rejects(withTimeLimit(20, 'create()', never), { message: 'create() took longer than 0.02 s' })
})

t.test('a promise of another library', async (t) => {
  // biome-ignore lint/suspicious/noThenProperty: such promises are what the test is about
  const late = Object.assign(() => {}, { then: (done: (value: string) => void) => setImmediate(done, 'late') })
  t.equal(await withTimeLimit<unknown>(10_000, 'work', late), 'late')
})

t.test('a rejection after the time is over does no harm, and no timer stays', async (t) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const { promise, reject } = Promise.withResolvers<never>()
  await t.rejects(withTimeLimit(1, 'work', promise))
  reject(new Error('late'))
  await delay(0)
  t.same(unhandled, [])
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  await withTimeLimit(60_000, 'work', Promise.resolve())
  t.equal(timers(), before)
})
