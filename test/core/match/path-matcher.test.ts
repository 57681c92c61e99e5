import fc from 'fast-check'
import t from 'tap'
import type { PathPattern } from '../../../core/api/endpoint.ts'
import { compilePath, normalPath, type PathMatcher } from '../../../core/index.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'
import { finder } from './support.ts'

function matcherOf(pattern: PathPattern): PathMatcher {
  const matcher = compilePath(pattern)
  if (typeof matcher === 'string') throw new Error(matcher)
  return matcher
}

t.test('prefixes by whole segments, whole paths, expressions', async (t) => {
  const table: readonly (readonly [PathPattern, readonly string[], readonly string[]])[] = [
    [{ prefix: '/' }, ['/', '/a', '//'], ['', '*']],
    [{ prefix: '/a' }, ['/a', '/a/', '/a/b', '/a//'], ['/', '/ab', '/A', '//a', '/b/a']],
    [{ prefix: '/a/' }, ['/a', '/a/b'], ['/ab']],
    [{ prefix: '/café' }, ['/caf%C3%A9/x'], ['/caf']],
    [{ prefix: '/{id}/b' }, ['/x/b', '/x/b/c'], ['/b', '//b', '/x/c', '/x/y/b']],
    [{ exact: '/' }, ['/'], ['/a', '', '*', '//']],
    [{ exact: '/a' }, ['/a'], ['/a/', '/', '/a/b', '/ab']],
    [{ exact: '/a/' }, ['/a/'], ['/a', '/a//', '/a/b']],
    [{ exact: '/{id}' }, ['/x'], ['/', '/x/', '/x/y']],
    [{ regex: '/a|/b/.*' }, ['/a', '/b/', '/b/c/d'], ['/a/', '/x/a', '/b']],
  ]
  for (const [pattern, yes, no] of table) {
    const matcher = matcherOf(pattern)
    for (const path of yes) t.ok(matcher.matches(path), `${JSON.stringify(pattern)} ${path}`)
    for (const path of no) t.notOk(matcher.matches(path), `${JSON.stringify(pattern)} not ${path}`)
  }
})

t.test('in any case, if asked', async (t) => {
  for (const pattern of [{ prefix: '/Ab/{id}' }, { exact: '/Ab/C%2Fd' }, { regex: '/Ab/.%2Fd' }]) {
    const matcher = matcherOf(pattern)
    t.notOk(matcher.matches('/aB/c%2FD'), JSON.stringify(pattern))
    t.ok(matcher.matches('/aB/c%2FD', true), JSON.stringify(pattern))
    t.notOk(matcher.matches('/aBx/c%2FD', true), JSON.stringify(pattern))
  }
})

t.test('what is no pattern, or matches nothing', async (t) => {
  const table: readonly (readonly [PathPattern, RegExp])[] = [
    [{ prefix: 'a' }, /^a path such as/],
    [{ prefix: '/a*' }, /without wildcards/],
    [{ prefix: '/a//b' }, /^a path without empty segments$/],
    [{ exact: '/a//' }, /^a path without empty segments$/],
    [{ prefix: '/a/../b' }, /^a path without "\." and "\.\." segments/],
    [{ exact: '/a%zz' }, /two hexadecimal digits/],
    [{ regex: '(' }, /^an expression in the syntax of RE2/],
    [{ regex: '/%61' }, /^a for %61, as in the normal form of paths$/],
    [{ regex: '/é' }, /^%C3%A9 for é, as in the normal form of paths$/],
  ]
  for (const [pattern, expected] of table) t.match(compilePath(pattern), expected, JSON.stringify(pattern))
})

t.test('what an expression costs is known', async (t) => {
  t.match(matcherOf({ prefix: '/a' }), { steps: 0, longest: Infinity })
  const matcher = matcherOf({ regex: '/a{100}' })
  t.ok(matcher.steps > 100)
  t.equal(matcher.longest, 512)
})

t.test('it matches what a table of this endpoint alone would', async (t) => {
  const name = fc.constantFrom('a', 'b', 'Ab', 'é', '{x}', '{y}')
  const template = fc.uniqueArray(name, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`)
  const pattern: fc.Arbitrary<PathPattern> = fc.oneof(
    template.map((prefix) => ({ prefix })),
    fc.tuple(template, fc.constantFrom('', '/')).map(([path, end]) => ({ exact: path === '/' ? path : path + end })),
    fc.constantFrom({ regex: '/a(/.*)?' }, { regex: '.*/[bA]b?' }),
  )
  const path = fc
    .array(fc.constantFrom('a', 'b', 'Ab', 'aB', '%C3%A9', '', '%2F', ';', ';a'), { maxLength: 4 })
    .map((segments) => `/${segments.join('/')}`)
  const holds = fc.property(pattern, path, fc.boolean(), (one, path, caseSensitive) => {
    const normal = normalPath(path)
    if (typeof normal !== 'string') return true
    const allowAmbiguous = ['encoded_slash', 'empty_segment', 'path_parameter'] as const
    const to = finder([endpoint('e', { match: [matchOf(one)], caseSensitive, allowAmbiguous })])
    return matcherOf(one).matches(normal, !caseSensitive) === to(path).startsWith('e ')
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2000 }))
})
