import t from 'tap'
import type { Match, PathPattern } from '../../../core/api/endpoint.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'
import { finder, problemsOf } from './support.ts'

const of = (id: string, path: string | PathPattern, rest: Partial<Match> = {}) =>
  endpoint(id, { match: [matchOf(path, rest)] })
const value = { present: true }
const named = (...names: string[]) => names.map((name) => ({ name, value }))

t.test('exact without parameters, expressions, literal, parameter, end of prefix', async (t) => {
  const to = finder([
    of('all', '/'),
    of('a', '/a'),
    of('any', '/{x}/b'),
    of('ab', '/a/b'),
    of('whole-any', { exact: '/a/{x}/c' }),
    of('second', { regex: '/a/b/e+' }),
    of('first', { regex: '/a/.*/e' }),
    of('whole', { exact: '/a/b/e' }),
    of('end', { exact: '/a/b/' }),
  ])
  const table: Readonly<Record<string, string>> = {
    '/a/b/e': 'whole',
    '/a/b/ee': 'second',
    '/a/x/e': 'first',
    '/a/b/': 'end',
    '/a/b': 'ab',
    '/a/b/x': 'ab',
    '/a/x/c': 'whole-any',
    '/a/x/c/': 'a',
    '/x/b/c': 'any',
    '/x/c': 'all',
    '/a/b/c': 'ab',
    '/': 'all',
  }
  for (const [path, id] of Object.entries(table)) t.equal(to(path), `${id} ${path}`, path)
})

t.test('expressions in the order of the file, whatever their conditions', async (t) => {
  const two = [of('x', { regex: '/[a-z]+' }), of('y', { regex: '/[a-m]+' }, { methods: ['GET'] })]
  t.equal(finder(two)('/abc'), 'x /abc')
  t.equal(finder(two.toReversed())('/abc'), 'y /abc')
  t.equal(finder(two.toReversed())('/abc', { method: 'PUT' }), 'x /abc')
})

t.test('then a named method, conditions on fields and cookies, on the query, the order of the file', async (t) => {
  const endpoints = [
    of('none', '/p'),
    of('query2', '/p', { query: named('q', 'r') }),
    of('query', '/p', { query: named('q') }),
    of('cookie', '/p', { cookies: named('c') }),
    of('header', '/p', { headers: named('h') }),
    of('both', '/p', { headers: named('h'), cookies: named('c') }),
    of('method', '/p', { methods: ['PUT', 'POST'] }),
    of('method-query', '/p', { methods: ['PUT'], query: named('q') }),
  ]
  const h = { h: '1' }
  const c = { cookie: 'c=1' }
  const table: readonly (readonly [string, string, Parameters<ReturnType<typeof finder>>[1]?])[] = [
    ['none', '/p'],
    ['query', '/p?q'],
    ['query2', '/p?q&r'],
    ['cookie', '/p?q&r', { headers: c }],
    ['header', '/p?q&r', { headers: h }],
    ['both', '/p', { headers: { ...h, ...c } }],
    ['method', '/p', { method: 'PUT', headers: { ...h, ...c } }],
    ['method', '/p?q', { method: 'POST' }],
    ['method-query', '/p?q', { method: 'PUT' }],
    ['none', '/p', { method: 'DELETE' }],
  ]
  for (const all of [endpoints, endpoints.toReversed()])
    for (const [id, target, asked] of table) t.equal(finder(all)(target, asked), `${id} /p`, `${target} ${id}`)
  const equal = [of('h1', '/p', { headers: named('a') }), of('h2', '/p', { headers: named('b') })]
  const two = { headers: { a: '1', b: '1' } }
  t.equal(finder(equal)('/p', two), 'h1 /p')
  t.equal(finder(equal.toReversed())('/p', two), 'h2 /p')
  const exact = [of('e', { exact: '/p' }), of('e-method', { exact: '/p' }, { methods: ['GET'] })]
  t.equal(finder(exact)('/p'), 'e-method /p', 'whole paths too')
})

t.test('the path decides before the conditions', async (t) => {
  const to = finder([of('loose', '/a', { methods: ['GET'], headers: named('h') }), of('strict', '/a/b')])
  t.equal(to('/a/b', { headers: { h: '1' } }), 'strict /a/b')
})

t.test('upper and lower case', async (t) => {
  const folds = (id: string, path: string | PathPattern) =>
    endpoint(id, { match: [matchOf(path)], caseSensitive: false })
  const to = finder([
    folds('shop', '/Shop/{item}'),
    of('exact', '/shop/X'),
    folds('status', { exact: '/Status' }),
    folds('expression', { regex: '/(ex|ey)+' }),
    folds('accent', '/CAFÉ'),
  ])
  const table: Readonly<Record<string, string>> = {
    '/shop/X': 'exact',
    '/shop/x': 'shop',
    '/SHOP/x': 'shop',
    '/%53hoP/x': 'shop',
    '/status': 'status',
    '/STATUS': 'status',
    '/EXey': 'expression',
    '/Ey': 'expression',
    '/caf%c3%89': 'accent',
  }
  for (const [path, id] of Object.entries(table)) t.equal(to(path), `${id} ${path}`, path)
  t.equal(to('/status/'), 'no_route')
  t.equal(to('/caf%c3%a9'), 'no_route', 'in ASCII alone')
})

t.test('a long path on a host with expressions', async (t) => {
  const long = `/${'x'.repeat(512)}`
  const to = finder([of('all', '/'), of('whole', { exact: long }), of('e', { regex: '/e' }, { host: 'e.test' })])
  t.equal(to(`${long}y`), `all ${long}y`)
  t.equal(to(`${long}y`, { host: 'e.test' }), 'path_too_long')
  t.equal(to(long.slice(1).replace('x', '/'), { host: 'e.test' }), `all ${long.slice(1).replace('x', '/')}`, '512')
  const here = finder([of('whole', { exact: long }), of('e', { regex: '/e' })])
  t.equal(here(long), `whole ${long}`, 'no expression is tried')
})

t.test('limits of one host', async (t) => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => of(`e${i}`, { regex: `/${i}[ab]{400}[cd]{400}` }))
  t.same(problemsOf(...many(2)), [])
  t.match(problemsOf(...many(3)), [
    { message: /the expressions of one host make \d+ steps together, at most 2000 are allowed: use fewer/, at: [] },
  ])
  const forks = Array.from({ length: 2 ** 9 }, (_, n) =>
    matchOf(`/${Array.from({ length: 9 }, (_, k) => ((n >> k) & 1 ? 'a' : `{p${k}}`)).join('/')}`),
  )
  t.match(problemsOf(endpoint('forks', { match: forks })), [{ message: /in so many places .* use fewer parameters/ }])
  const spread = forks.map((one, i) => ({ ...one, host: `h${i % 4}.test` }))
  t.same(problemsOf(endpoint('forks', { match: spread })), [], 'several hosts')
})
