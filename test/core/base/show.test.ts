import t from 'tap'
import { show } from '../../../core/base/show.ts'

t.test('messages show values short, and no credentials', async (t) => {
  t.equal(show('https://user:secret@host/'), '"https://…@host/"')
  t.equal(show('x'.repeat(100)), `"${'x'.repeat(60)}…"`)
  t.equal(show(`http://user:${'x'.repeat(100)}@host`), '"http://…@host"', 'masked before it is cut')
  t.equal(show('a "b"\n'), '"a \\"b\\"\\n"')
})

t.test('lists and mappings are named, not shown', async (t) => {
  const cases: [value: unknown, shown: string][] = [
    [undefined, 'nothing'],
    [null, 'nothing'],
    [{ secret: 1 }, 'a mapping'],
    [['a'], 'a list'],
    [[], 'an empty list'],
    [1.5, '1.5'],
    [true, 'true'],
  ]
  for (const [value, shown] of cases) t.equal(show(value), shown)
})
