import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Endpoint, EndpointsError, normalPath } from '../../../core/index.ts'
import { endpoint, specOf, startGateway } from '../../../core/testing.ts'
import { RoutesByHost } from '../../../filters/route-match/routes-by-host.ts'

const match = (hosts: string[], paths: string[] = []) => ({ match: { hosts, paths } })
const problemsOf = (...endpoints: Endpoint[]) => {
  try {
    new RoutesByHost('', endpoints)
  } catch (error) {
    if (error instanceof EndpointsError) return error.problems
    throw error
  }
  return []
}

t.test('two endpoints with one path of one host, however they spell it', async (t) => {
  const pairs: readonly [Endpoint, Endpoint, RegExp][] = [
    [endpoint('a', match(['h'])), endpoint('b', match(['H'])), /"a" and "b" both have every path on H/],
    [endpoint('a', match(['h.'])), endpoint('b', match(['h'])), /every path on h/],
    [endpoint('a', match(['h'])), endpoint('b', match(['h'], ['/'])), /the path "\/" on h/],
    [endpoint('a', match(['[::1]'])), endpoint('b', match(['[0:0::1]'])), /on \[0:0::1\]/],
    [endpoint('a', match(['*.H'])), endpoint('b', match(['*.h.'])), /on \*\.h\./],
    [endpoint('a', match([], ['/x'])), endpoint('b', match([], ['/x/'])), /both have the path "\/x" on every host/],
    [endpoint('a', match([], ['/p'])), endpoint('b', match([], ['/%70'])), /the path "\/%70"/],
    [endpoint('a', match([], ['/caf%C3%A9'])), endpoint('b', match([], ['/caf%c3%a9'])), /another spelling/],
    [endpoint('a', match([], ['/caf%C3%A9'])), endpoint('b', match([], ['/café'])), /another spelling/],
    [endpoint('été'), endpoint('%C3%A9t%c3%a9'), /the name "%C3%A9t%c3%a9" on every host/],
    [endpoint('v1/été'), endpoint('v%31/été'), /"v1\/été" and "v%31\/été" both have the name/],
  ]
  for (const [a, b, message] of pairs) {
    const [problem, ...more] = problemsOf(a, b)
    t.match(problem, { endpoint: b.id, message, other: { endpoint: a.id } })
    t.same(more, [])
  }
  t.same(problemsOf(endpoint('a', match([], ['/x', '/x/', '/%78']))), [], 'one endpoint may')
  t.same(problemsOf(endpoint('a', match([], ['/a%2Fb'])), endpoint('b', match([], ['/a/b']))), [])
})

t.test('patterns and names that no request can have', async (t) => {
  const all = problemsOf(
    endpoint('a', match(['h:80'])),
    endpoint('b', match(['a.*.b', '::1'])),
    endpoint('c', match([], ['x', '/x/*', '', '/a/%2e%2e/b', '/%zz', '/%ff', '/fine'])),
    endpoint('..'),
    endpoint('%zz/d'),
  )
  t.match(all, [
    { endpoint: 'a', at: ['host', 0], message: /such as api\.example\.com .* found "h:80"/ },
    { endpoint: 'b', at: ['host', 0] },
    { endpoint: 'b', at: ['host', 1] },
    { endpoint: 'c', at: ['path', 0], message: /a path prefix such as \/shop, without wildcards, found "x"/ },
    { endpoint: 'c', at: ['path', 1] },
    { endpoint: 'c', at: ['path', 2] },
    { endpoint: 'c', at: ['path', 3], message: /without "\." and "\.\." segments, .* found "\/a\/%2e%2e\/b"/ },
    { endpoint: 'c', at: ['path', 4], message: /%25 is the character itself/ },
    { endpoint: 'c', at: ['path', 5], message: /%C3%A9 for é/ },
    { endpoint: '..', at: ['name'], message: /it is a part of the path: expected a path without "\."/ },
    { endpoint: '%zz/d', at: ['version'] },
  ])
})

t.test('every spelling of a protected pattern leads to its endpoint, whatever else there is', async (t) => {
  const piece = fc.constantFrom(
    'a',
    'Z',
    '-',
    '~',
    '!',
    '%2f',
    '%2F',
    '%25',
    ';',
    '%3b',
    '@',
    'é',
    '한',
    '%c3%a9',
    '|',
    '.b',
    '(',
  )
  const pattern = fc
    .array(
      fc.array(piece, { minLength: 1, maxLength: 3 }).map((one) => one.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((segments) => `/${segments.join('/')}`)
  const ways = fc.array(fc.nat(2), { minLength: 1, maxLength: 9 })
  /** Each byte that has two forms in one of them, what is encoded in digits of either case. */
  const spelled = (text: string, chosen: readonly number[]): string =>
    (text.match(/%[\da-f]{2}|[^%]/gi) ?? [])
      .flatMap((one) => (one.length === 3 ? [one] : Array.from(Buffer.from(one), (byte) => String.fromCharCode(byte))))
      .map((one, i) => {
        const way = chosen[i % chosen.length]!
        if (one.length === 3) return way === 0 ? one.toLowerCase() : one.toUpperCase()
        if (way === 0 || one === '/' || one === ';') return one
        const digits = one.charCodeAt(0).toString(16)
        return `%${way === 1 ? digits : digits.toUpperCase()}`
      })
      .join('')
  const holds = fc.property(
    pattern,
    pattern,
    ways,
    fc.constantFrom('', '/', '/x', '/%7e//'),
    (one, other, chosen, rest) => {
      const open = [endpoint('rest', match([], ['/']))]
      const strict = endpoint('strict', match([], [one]))
      const wide = one.split('/').slice(0, -1).join('/')
      if (wide !== '') open.push(endpoint('wide', match([], [wide])))
      const routes = new RoutesByHost('/orchestrator', [...open, strict])
      const path = spelled(one, chosen) + rest
      const normal = normalPath(path)
      if (typeof normal !== 'string') return false
      const route = routes.find('a.test', normal, path)
      if (route?.endpoint !== strict || route.path !== rest) return false
      // Two patterns either differ for requests too, or can't both be there.
      const equal = normalPath(spelled(other, [0])) === normalPath(spelled(one, [0]))
      return problemsOf(strict, endpoint('other', match([], [other]))).length === (equal ? 1 : 0)
    },
  )
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 1000 }))
})

t.test('the load error has the places of both endpoints', async (t) => {
  const errorOf = async (t: Test, yaml: string): Promise<string> => {
    const started = startGateway(yaml)
    t.teardown(async () => (await started.catch(() => undefined))?.close())
    return started.then(
      () => 'loaded',
      (error: Error) => error.message,
    )
  }
  const two = (first: string, second: string) => `endpoints:
  - name: one
    url: http://a.test
    ${first}
  - name: two
    url: http://a.test
    path: [/z, /zz]
    ${second}
`
  t.equal(
    await errorOf(t, two('path: "/caf%C3%A9"', '').replace('/zz', '/café/')),
    'weir.yaml:7:16 endpoints[1].path[1]: "one" and "two" both have the path "/café" on every host, if only in another spelling: change one of them; the other is at weir.yaml:4:5',
  )
  t.match(
    await errorOf(t, two('host: A.test\n    path: [/y, "/%7A"]', 'host: a.test.')),
    /^weir\.yaml:8:12 endpoints\[1\]\.path\[0\]: .* on a\.test, .*; the other is at weir\.yaml:5:16$/,
  )
  t.match(
    await errorOf(t, two('path: /a/%2e%2e/b', '')),
    /^weir\.yaml:4:5 endpoints\[0\]\.path: expected a path without "\."/,
  )
})

t.test('a spec by hand', async (t) => {
  const spec = specOf([{ name: '%zz', url: 'http://a.test' }])
  await t.rejects(startGateway(spec), /^endpoints\.0\.name: .*two hexadecimal digits/)
})
