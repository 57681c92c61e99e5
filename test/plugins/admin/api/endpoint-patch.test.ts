import fc from 'fast-check'
import t from 'tap'
import { patchTo } from '../../../../plugins/admin/api/endpoint-patch.ts'

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396 §2, word for word. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = merge(result[name], value)
  }
  return result
}

t.test('the patch leads from one to the other', async (t) => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.array(fc.integer(), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), tie('any'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  })).object as fc.Arbitrary<Json>
  fc.assert(
    fc.property(value, value, (from, to) => t.strictSame(merge(from, patchTo(from, to)), to)),
    { numRuns: 300 },
  )
})
