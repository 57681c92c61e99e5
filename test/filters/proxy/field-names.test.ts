import t from 'tap'
import { FieldKinds } from '../../../core/index.ts'
import { FieldNames } from '../../../filters/proxy/field-names.ts'

const KINDS = new FieldKinds({ connection: 1, 'x-internal-*': 2 })

t.test('names and their kinds are those of the bytes, whatever was there before', async (t) => {
  const names = new FieldNames(KINDS)
  // Names that differ in their first, middle or last letter alone, and far more than are kept.
  const all = ['Connection', 'CONNECTION', 'X-Internal-A', 'X-Internal-B', 'Caf\xe9', 'a', 'b', 'x'.repeat(65)]
  for (let i = 0; i < 2000; i++) all.push(`X-${i}-Y`, `${i}`)
  for (let round = 0; round < 3; round++)
    for (const name of all) {
      const found = names.of(Buffer.from(name, 'latin1'))
      if (found.name !== name || found.kind !== KINDS.of(name)) t.fail(name)
    }
  t.equal(names.of(Buffer.alloc(0)).name, '')
})

t.test('a name that is kept does not change with the buffer that it came in', async (t) => {
  const names = new FieldNames(KINDS)
  const chunk = Buffer.from('Connection')
  t.equal(names.of(chunk).kind, 1)
  chunk.fill('x')
  t.match(names.of(Buffer.from('Connection')), { name: 'Connection', kind: 1 })
  t.equal(names.of(Buffer.from('Connection')), names.of(Buffer.from('Connection')), 'no second text')
})
