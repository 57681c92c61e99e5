import fc from 'fast-check'
import t from 'tap'
import { normalPath } from '../../../core/index.ts'
import { rawIndex } from '../../../core/match/raw-path.ts'

t.test('an index of the normal form in the path as it came', async (t) => {
  t.equal(rawIndex('/a/b', '/a/b', 2), 2)
  t.equal(rawIndex('/a/b', '/%61/b', 2), 4)
  t.equal(rawIndex('/a/b', '/%61/b', 0), 0)
  t.equal(rawIndex('/a/b', '/%61/%62', 4), 8)
  t.equal(rawIndex('/%C3%A9/b', '/\xc3\xa9/b', 7), 3)
  t.equal(rawIndex('/%C3%A9/b', '/%c3\xa9/b', 8), 6)
})

t.test('the part behind an index has the normal form of the part behind it', async (t) => {
  const piece = fc.constantFrom('/', 'a', '%61', '%2f', '%c3%a9', '\xc3\xa9', '~', '%7e', '|', '%25')
  const holds = fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const path = `/${pieces.join('')}`
    const normal = normalPath(path) as string
    for (let i = 0; i <= normal.length; i++) {
      if (normal[i] !== '/' && i !== normal.length) continue
      if (normalPath(path.slice(rawIndex(normal, path, i))) !== normal.slice(i)) return false
    }
    return true
  })
  t.doesNotThrow(() => fc.assert(holds))
})
