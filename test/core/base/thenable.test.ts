import { runInNewContext } from 'node:vm'
import t from 'tap'
import { isThenable } from '../../../core/base/thenable.ts'

const withThen = (then: unknown): object => ({ then })
// biome-ignore lint/suspicious/noThenProperty: that is what the function looks for
const callable = Object.assign(() => {}, { then: () => {} })

t.test('values that await would wait for', async (t) => {
  t.equal(isThenable(Promise.resolve()), true)
  t.equal(isThenable(runInNewContext('Promise.resolve()')), true, 'a promise of another realm')
  t.equal(isThenable(withThen(() => {})), true)
  t.equal(isThenable(Object.create(withThen(() => {}))), true, 'an inherited method')
  t.equal(isThenable(callable), true, 'a function with the method')
})

t.test('values that await would pass on', async (t) => {
  for (const value of [undefined, null, 0, '', 'then', true, Symbol('then'), {}, [], () => {}, class {}])
    t.equal(isThenable(value), false, String(value))
  for (const then of [undefined, null, true, 'then', {}]) t.equal(isThenable(withThen(then)), false, `then: ${then}`)
})

t.test('it agrees with await', async (t) => {
  for (const value of [withThen((done: (v: unknown) => void) => done('waited')), withThen('no method'), () => {}]) {
    const result: unknown = await value
    t.equal(isThenable(value), result !== value)
  }
})
