import t from 'tap'
import type { Condition, Match, ValuePattern } from '../../../core/api/endpoint.ts'
import { Conditions, conditionsText, TooLongError } from '../../../core/match/conditions.ts'
import { RequestValues } from '../../../core/match/request-values.ts'
import { matchOf } from '../../../core/testing.ts'
import { type AskedRequest, requestOf } from './support.ts'

const on = (name: string, value: ValuePattern): Condition[] => [{ name, value }]
const failed = (rest: Partial<Match>, target: string, asked?: AskedRequest): string | undefined =>
  new Conditions(matchOf('/', rest)).failed(new RequestValues(requestOf(target, asked)))

t.test('values of fields', async (t) => {
  const table: readonly (readonly [ValuePattern, string | readonly string[] | undefined, boolean])[] = [
    [{ any: ['1'] }, '1', true],
    [{ any: ['1'] }, '2', false],
    [{ any: ['1'] }, '', false],
    [{ any: ['1'] }, undefined, false],
    [{ any: ['1', 'yes'] }, 'yes', true],
    [{ any: ['1', 'yes'] }, 'Yes', false],
    [{ any: [''] }, '', true],
    [{ present: true }, '', true],
    [{ present: true }, undefined, false],
    [{ present: false }, undefined, true],
    [{ present: false }, '', false],
    [{ regex: 'a+' }, 'aa', true],
    [{ regex: 'a+' }, 'aab', false],
    [{ regex: 'a*' }, '', true],
    [{ regex: 'a*' }, undefined, false],
    [{ any: ['1'] }, ['1', 'no'], false],
    [{ any: ['1, no'] }, ['1', 'no'], true],
    [{ regex: '1, .*' }, ['1', 'no'], true],
  ]
  for (const [pattern, value, met] of table) {
    const asked = value === undefined ? {} : { headers: { 'X-Beta': value } }
    const expected = met ? undefined : 'header "x-beta"'
    t.equal(failed({ headers: on('x-beta', pattern) }, '/', asked), expected, JSON.stringify([pattern, value]))
  }
})

t.test('the query: decoded, the first of repeated keys', async (t) => {
  const table: readonly (readonly [name: string, value: string, query: string, met: boolean])[] = [
    ['v', '1', '?v=1', true],
    ['v', '1', '?a=b&v=1&c', true],
    ['v', 'a b', '?v=a+b', true],
    ['v', 'a b', '?v=a%20b', true],
    ['v', 'a+b', '?v=a%2Bb', true],
    ['v', 'a+b', '?v=a+b', false],
    ['a b', '1', '?a+b=1', true],
    ['v', 'é', '?v=%C3%A9', true],
    ['v', 'é', '?v=%c3%a9', true],
    ['v', '1', '?v=1&v=2', true],
    ['v', '2', '?v=1&v=2', false],
    ['v', '1', '?V=1', false],
    ['v', '1', '?%76=%31', true],
    ['v', '', '?v', true],
    ['v', '', '?v=', true],
    ['v', '1', '', false],
    ['v', '1', '?', false],
    ['v', 'a=b', '?v=a=b', true],
  ]
  for (const [name, value, query, met] of table)
    t.equal(failed({ query: on(name, { any: [value] }) }, `/${query}`), met ? undefined : `query "${name}"`, query)
  t.equal(failed({ query: on('v', { present: false }) }, '/?w=1'), undefined)
  t.equal(failed({ query: on('v', { regex: '[0-9]+' }) }, '/?v=%31%32'), undefined)
})

t.test('cookies: the first of a name, over all fields', async (t) => {
  const table: readonly (readonly [cookie: string | readonly string[], met: boolean])[] = [
    ['c=1', true],
    ['a=b; c=1; d=e', true],
    ['a=b;c=1', true],
    [' c = 1 ', true],
    ['c=1; c=2', true],
    ['c=2; c=1', false],
    [['a=b', 'c=1'], true],
    [['c=2', 'c=1'], false],
    ['C=1', false],
    ['c', false],
    ['c="1"', false],
    ['xc=1', false],
  ]
  for (const [cookie, met] of table)
    t.equal(
      failed({ cookies: on('c', { any: ['1'] }) }, '/', { headers: { Cookie: cookie } }),
      met ? undefined : 'cookie "c"',
      String(cookie),
    )
  t.equal(failed({ cookies: on('c', { any: ['a=b'] }) }, '/', { headers: { cookie: 'c=a=b' } }), undefined)
})

t.test('methods are told last, GET has HEAD', async (t) => {
  const get = { methods: ['GET'] }
  t.equal(failed(get, '/'), undefined)
  t.equal(failed(get, '/', { method: 'HEAD' }), undefined)
  t.equal(failed(get, '/', { method: 'get' }), 'method', 'methods have a case (RFC 9110 §9.1)')
  t.equal(failed(get, '/', { method: 'POST' }), 'method')
  t.equal(failed({ methods: ['HEAD'] }, '/'), 'method', 'HEAD has no GET')
  t.equal(failed({ ...get, headers: on('a', { any: ['1'] }) }, '/', { method: 'POST' }), 'header "a"')
  t.equal(failed({}, '/', { method: 'ANY' }), undefined)
})

t.test('a preflight has the method that is to follow, and neither fields nor cookies', async (t) => {
  const wanted = { Origin: 'http://o.test', 'Access-Control-Request-Method': 'PUT' }
  const rest = { methods: ['PUT'], headers: on('x-t', { any: ['a'] }), cookies: on('c', { present: true }) }
  const of = (headers: Record<string, string>, method = 'OPTIONS', target = '/', more: Partial<Match> = {}) =>
    failed({ ...rest, ...more }, target, { method, headers })
  t.equal(of(wanted), undefined)
  t.equal(of({ ...wanted, 'Access-Control-Request-Method': 'GET' }), 'method')
  t.equal(of({ Origin: 'http://o.test' }), 'header "x-t"', 'none')
  t.equal(of({ 'Access-Control-Request-Method': 'PUT' }), 'header "x-t"', 'none')
  t.equal(of(wanted, 'GET'), 'header "x-t"', 'none')
  t.equal(of(wanted, 'OPTIONS', '/', { query: on('v', { any: ['1'] }) }), 'query "v"', 'it has the query')
  t.equal(of(wanted, 'OPTIONS', '/?v=1', { query: on('v', { any: ['1'] }) }), undefined)
  t.equal(failed({ methods: ['OPTIONS'] }, '/', { method: 'OPTIONS' }), undefined)
})

t.test('an expression is not tried on more than 512 characters', async (t) => {
  const long = 'a'.repeat(513)
  const regex = { regex: 'a+' }
  t.equal(failed({ headers: on('h', regex) }, '/', { headers: { h: long.slice(1) } }), undefined)
  const parts: readonly (readonly [Partial<Match>, string, AskedRequest, string])[] = [
    [{ headers: on('n', regex) }, '/', { headers: { n: long } }, 'header'],
    [{ cookies: on('n', regex) }, '/', { headers: { cookie: `n=${long}` } }, 'cookie'],
    [{ query: on('n', regex) }, `/?n=${long}`, {}, 'query'],
  ]
  for (const [rest, target, asked, part] of parts)
    t.throws(() => failed(rest, target, asked), { part, message: `${part} "n" of more than 512 characters` })
  t.ok(new TooLongError('path', '').message, 'path of more than 512 characters')
  t.equal(failed({ headers: on('n', { any: [long] }) }, '/', { headers: { n: long } }), undefined, 'no expression')
})

t.test('rank', async (t) => {
  const one = on('a', { present: true })
  const rank = (rest: Partial<Match>) => new Conditions(matchOf('/', rest)).rank
  t.same(rank({}), [0, 0, 0])
  t.same(rank({ methods: ['GET', 'PUT'], headers: one, cookies: one, query: one }), [1, 2, 1])
  t.equal(Conditions.none.any, false)
  t.equal(new Conditions(matchOf('/', { methods: ['GET'] })).any, true)
  t.equal(new Conditions(matchOf('/', { query: one })).any, true)
})

t.test('equal conditions have equal texts', async (t) => {
  const text = (rest: Partial<Match>) => conditionsText(matchOf('/', rest))
  const a = on('a', { any: ['1', '2'] })
  const b = on('b', { present: true })
  t.equal(text({}), '')
  const equal: readonly (readonly [Partial<Match>, Partial<Match>])[] = [
    [{ methods: ['PUT', 'GET'] }, { methods: ['GET', 'HEAD', 'PUT', 'PUT'] }],
    [{ headers: [...a, ...b] }, { headers: [...b, ...a] }],
    [{ headers: a }, { headers: on('A', { any: ['2', '1', '1'] }) }],
    [{ query: a }, { query: on('a', { any: ['2', '1'] }) }],
  ]
  for (const [x, y] of equal) t.equal(text(x), text(y))
  const all = [
    {},
    ...[{ headers: a }, { cookies: a }, { query: a }, { query: on('A', { any: ['1', '2'] }) }, { methods: ['GET'] }],
    ...[{ headers: on('a', { regex: '1' }) }, { headers: on('a', { any: ['1'] }) }, { headers: b }],
  ]
  t.equal(new Set(all.map(text)).size, all.length)
})
