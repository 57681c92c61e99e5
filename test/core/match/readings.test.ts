import fc from 'fast-check'
import t from 'tap'
import { normalPath } from '../../../core/index.ts'
import { climbs, isAmbiguous, otherReadings, readingsOf } from '../../../core/match/readings.ts'

t.test('what is read in different ways', async (t) => {
  for (const path of ['/a//b', '//', '/a;b', '/a;', '/a%2Fb', '/a%3Bb']) t.ok(isAmbiguous(path), path)
  for (const path of ['/', '/a/b/', '/a%25b', '/a%20b', '/a,b=c']) t.notOk(isAmbiguous(path), path)
})

t.test('the other readings', async (t) => {
  const table: Readonly<Record<string, readonly string[]>> = {
    '/a/b': [],
    '/a%2Fb': ['/a/b'],
    '/a//b': ['/a/b'],
    '/a///b//': ['/a/b/'],
    '/a;x=1/b': ['/a/b'],
    '/a;x': ['/a'],
    '/;x/a': ['//a', '/a'],
    '/a%3Bx': ['/a;x', '/a'],
    '/a;x%2Fy/b': ['/a;x/y/b', '/a/b', '/a/y/b'],
    '/a%2F/b': ['/a//b', '/a/b'],
    '/a%252Fb': [],
    // As a server reads that cuts, then decodes, then merges.
    '/pub%2F;a%2Fb/x': ['/pub/;a/b/x', '/pub%2F/x', '/pub//b/x', '/pub//x', '/pub/b/x', '/pub/x'],
    // As one that decodes %3B and not %2F.
    '/a%3Bx%2Fy': ['/a%3Bx/y', '/a;x%2Fy', '/a;x/y', '/a', '/a/y'],
  }
  for (const [path, readings] of Object.entries(table)) t.same(readingsOf(path)?.toSorted(), readings.toSorted(), path)
})

t.test('what the upstream is trusted with is read as it is written', async (t) => {
  t.same(readingsOf('/a%2Fb', ['encoded_slash']), [])
  t.same(readingsOf('/a//b', ['empty_segment']), [])
  t.same(readingsOf('/a;x', ['path_parameter']), [])
  t.same(readingsOf('/a%3Bx', ['path_parameter']), [])
  t.same(readingsOf('/a%2Fb//c;x', ['encoded_slash', 'path_parameter']), ['/a%2Fb/c;x'])
  t.same(readingsOf('/a%2Fb//c;x', ['empty_segment'])?.toSorted(), ['/a/b//c;x', '/a%2Fb//c', '/a/b//c'].toSorted())
})

t.test('readings are few, and none climbs where the path has a normal form', async (t) => {
  const piece = fc.constantFrom('/', '//', '%2F', '%3B', ';', 'a', '.', '..', '%2e')
  const holds = fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
    const normal = normalPath(`/${pieces.join('')}`)
    if (typeof normal !== 'string') return true
    const readings = readingsOf(normal)
    if (readings === undefined) return pieces.length > 3
    return readings.length <= 24 && readings.length === new Set(readings).size && !readings.some(climbs)
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2000 }))
  t.equal(readingsOf('//%2F%3B;'.repeat(3)), undefined, 'nobody means that')
  for (const path of ['/..', '/a/../b', '/./', '/a/.']) t.ok(climbs(path), path)
  for (const path of ['/', '/a', '/..a', '/a../b', '/...']) t.notOk(climbs(path), path)
})

t.test('for those who decide by a path', async (t) => {
  t.same(otherReadings('/a/b'), [])
  t.equal(otherReadings('/a'), otherReadings('/b'), 'without an allocation')
  t.same(otherReadings('/a%2Fb'), ['/a/b'])
  t.same(otherReadings('/a%2Fb', ['encoded_slash']), [])
  t.equal(otherReadings('//%2F%3B;'.repeat(3)), undefined, 'too many')
  t.equal(otherReadings('/a/..;x'), undefined, 'one climbs')
})
