import t from 'tap'
import { ToldOnce } from '../../../core/build/told-once.ts'

const spec = { name: 'auth', factory: 'auth', options: {}, at: ['filters', 0] }
const own = (i: number) => ({ options: {}, at: ['endpoints', i] })

t.test('what is said of the chain is not said of its endpoints', async (t) => {
  const told = new ToldOnce()
  told.tell(spec, spec, 'weak')
  told.tell(spec, own(0), 'weak')
  told.tell(spec, own(1), 'weak')
  told.tell(spec, own(1), 'other')
  told.tell({ ...spec, at: ['admin', 'filters', 0] }, own(2), 'weak')
  const expected = [
    { path: ['filters', 0], message: 'weak' },
    { path: ['endpoints', 1], message: 'other' },
    { path: ['endpoints', 2], message: 'weak' },
  ]
  t.same(told.once, expected)
  t.same(told.everywhere, expected)
})

t.test('what is said of endpoints alone comes once as a warning, everywhere as an error', async (t) => {
  const told = new ToldOnce()
  for (const i of [3, 4, 5]) told.tell(spec, own(i), 'unwise')
  t.same(told.once, [{ path: ['endpoints', 3], message: 'unwise (the same at 2 more of the endpoints)' }])
  t.same(
    told.everywhere.map(({ path }) => path),
    [
      ['endpoints', 3],
      ['endpoints', 4],
      ['endpoints', 5],
    ],
  )
})

t.test('one instance per endpoint, with the options of the chain', async (t) => {
  const told = new ToldOnce()
  for (let i = 0; i < 1000; i++) told.tell(spec, spec, 'weak')
  t.same(told.once, told.everywhere)
  t.equal(told.once.length, 1)
})
