import t from 'tap'
import { formatPath } from '../../../config/document/format-path.ts'

t.test('paths are written as people write them', async (t) => {
  t.equal(formatPath([]), '')
  t.equal(formatPath(['a', 0, 'b c', 'd-e']), 'a[0]["b c"].d-e')
  t.equal(formatPath(['http://user:secret@host', 1]), '["http://…@host"][1]')
  t.equal(formatPath(['x'.repeat(61)]), `["${'x'.repeat(60)}…"]`)
})
