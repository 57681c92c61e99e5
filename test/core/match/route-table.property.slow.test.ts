// Whatever endpoints there are: another spelling of a path leads to the endpoint of the plain one, or is refused.
import fc from 'fast-check'
import t from 'tap'
import type { Endpoint, Match, PathPattern } from '../../../core/api/endpoint.ts'
import { EndpointsError, normalPath, RouteTable } from '../../../core/index.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'
import { requestOf } from './support.ts'

const name = fc.constantFrom('a', 'b', 'admin', 'x~y', 'é')
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join('/')}`)
const pattern: fc.Arbitrary<PathPattern> = fc.oneof(
  { weight: 4, arbitrary: path.map((prefix) => ({ prefix })) },
  { weight: 1, arbitrary: fc.constant({ prefix: '/' }) },
  { weight: 2, arbitrary: path.map((exact) => ({ exact })) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.oneof(name, fc.constant('{}')), { minLength: 1, maxLength: 3 })
      .map((segments) => ({ prefix: `/${segments.map((one, i) => (one === '{}' ? `{p${i}}` : one)).join('/')}` })),
  },
  { weight: 1, arbitrary: fc.constantFrom({ regex: '/a(/[^/]+)?' }, { regex: '/[ab]+/admin(/.*)?' }) },
)
const host = fc.constantFrom(undefined, undefined, 'a.test', '*.test')
const match: fc.Arbitrary<Match> = fc.record({ pattern, host }).map((one) => matchOf(one.pattern, { host: one.host }))
const endpoints = fc.array(fc.array(match, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 5 })

/** Endpoints without those that a table refuses. */
function tableOf(matches: readonly (readonly Match[])[]): RouteTable {
  let kept: Endpoint[] = []
  for (const [i, one] of matches.entries()) {
    const more = [...kept, endpoint(`e${i}`, { match: one })]
    try {
      new RouteTable(more, '')
      kept = more
    } catch (error) {
      if (!(error instanceof EndpointsError)) throw error
    }
  }
  return new RouteTable(kept, '')
}

/** The endpoint, or why there is none. */
function reached(routes: RouteTable, path: string, host: string): string {
  const found = routes.find(requestOf(path, { host }))
  return 'endpoint' in found ? found.endpoint.id : found.reason
}

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const hex = (char: string, upper: boolean): string => {
  const digits = char.charCodeAt(0).toString(16).padStart(2, '0')
  return `%${upper ? digits.toUpperCase() : digits}`
}
const ways = fc.array(fc.nat(2), { minLength: 1, maxLength: 9 })
/** Each byte plain, or encoded in digits of either case; slashes stay. */
const respelled = (text: string, chosen: readonly number[]): string =>
  Array.from(bytes(text), (char, i) => {
    const way = chosen[i % chosen.length]!
    return char === '/' || (way === 0 && char < '\x7f') ? char : hex(char, way === 1)
  }).join('')

t.test('encoded or not', async (t) => {
  const holds = fc.property(
    endpoints,
    path,
    ways,
    fc.constantFrom('a.test', 'b.test', 'x'),
    (matches, to, chosen, host) => {
      const routes = tableOf(matches)
      return reached(routes, respelled(to, chosen), host) === reached(routes, bytes(to), host)
    },
  )
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 3000 }))
})

const INSERTED = ['//', ';x', ';', '%2F', '%2f', '%3B', '%3bx', '/;x/', ';a%2Fb']
const inserts = fc.array(fc.tuple(fc.nat(30), fc.constantFrom(...INSERTED)), { minLength: 1, maxLength: 3 })
/** Some slashes become something that servers read in different ways; so do ends of segments. */
function muddled(text: string, at: readonly (readonly [number, string])[]): string {
  let path = text
  for (const [place, what] of at) {
    const ends = [...path.matchAll(/(?<=.)(?=\/)|$/g)].map(({ index }) => index)
    const end = ends[place % ends.length]!
    const replaces = path[end] === '/' && /^(?:\/|%2)/i.test(what)
    path = path.slice(0, end) + what + path.slice(end + (replaces ? 1 : 0))
  }
  return path
}

/** How servers read a path: each a list of steps. */
const STEPS: Readonly<Record<string, (path: string) => string>> = {
  slash: (path) => path.replaceAll(/%2f/gi, '/'),
  semicolon: (path) => path.replaceAll(/%3b/gi, ';'),
  cut: (path) => path.replaceAll(/;[^/]*/g, ''),
  merge: (path) => path.replaceAll(/\/+/g, '/'),
}
const servers = fc.shuffledSubarray(Object.keys(STEPS))

t.test("a path that goes upstream is the same endpoint's to every server", async (t) => {
  let passed = 0
  let refused = 0
  const holds = fc.property(endpoints, path, ways, inserts, servers, (matches, to, chosen, at, steps) => {
    const routes = tableOf(matches)
    const sent = muddled(respelled(to, chosen), at)
    const found = reached(routes, sent, 'a.test')
    if (found === 'path_ambiguous') {
      refused++
      return true
    }
    passed++
    let read = normalPath(sent) as string
    for (const step of steps) read = STEPS[step]!(read)
    return reached(routes, read, 'a.test') === found
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 5000 }))
  t.ok(passed > 500 && refused > 500, `${passed} pass, ${refused} are refused`)
})
