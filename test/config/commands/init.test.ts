import t from 'tap'
import { inFolder, weir } from './support.ts'

t.test('init writes once, and says what to do next', async (t) => {
  inFolder(t)
  const first = await weir(['init'])
  t.equal(first.code, 0)
  t.match(first.out, /^weir\.yaml was written[\s\S]*weir validate [\s\S]*weir run /)
  t.equal((await weir(['validate'])).code, 0)
  const again = await weir(['init'])
  t.strictSame([again.code, again.out, again.err], [1, '', 'weir: weir.yaml exists already; it was not changed\n'])
  const other = await weir(['init', 'other.yaml', '--json'])
  t.strictSame(other.json(), { file: 'other.yaml', problems: [] })
  t.match((await weir(['init', 'third.yaml'])).out, /weir validate third\.yaml[\s\S]*weir run --config third\.yaml/)
  t.equal((await weir(['init', 'none/x.yaml'])).code, 1)
})
