import t from 'tap'
import type { PathPattern } from '../../../core/api/endpoint.ts'
import { Conditions } from '../../../core/match/conditions.ts'
import { type Compiled, compileMatch, compileName, identityOf } from '../../../core/match/route-entry.ts'
import { endpoint, matchOf } from '../../../core/testing.ts'

const compile = (path: PathPattern, rest: Parameters<typeof endpoint>[1] = {}) =>
  compileMatch(endpoint('a', rest), matchOf(path), Conditions.none, 3) as Compiled
const fault = (path: PathPattern, rest: Parameters<typeof endpoint>[1] = {}) =>
  compileMatch(endpoint('a', rest), matchOf(path), Conditions.none, 0)

t.test('what a match is compiled to', async (t) => {
  const { entry, form } = compile({ prefix: '/users/{id}/' }, { stripPrefix: true, caseSensitive: false })
  t.match(entry, { host: '', template: '/users/{id}', parameters: ['id'], strips: true, rewrite: undefined, order: 3 })
  t.match(form, { ends: 'prefix', folds: true })
  t.match(compile({ exact: '/a/' }), {
    entry: { template: '/a/', strips: false },
    form: { ends: 'exact', folds: false },
  })
  t.match(compile({ prefix: '/' }).entry.template, '/')
  const { entry: expression, form: own } = compile({ regex: '/(?P<a>x)/(?P<b>y)' }, { rewrite: '/{b}/{a}' })
  t.match(expression, { template: '/(?P<a>x)/(?P<b>y)', parameters: ['a', 'b'] })
  t.same(expression.rewrite, [{ text: '/' }, { parameter: 'b' }, { text: '/' }, { parameter: 'a' }])
  t.same(own, { expression: '/(?P<a>x)/(?P<b>y)' })
  t.ok(compile({ regex: '/\\Qa.b' }, { caseSensitive: false }), 'a quotation without end')
})

t.test('what can not be compiled', async (t) => {
  t.match(fault({ prefix: 'x' }), /^a path such as/)
  t.match(fault({ exact: '/a/..' }), /without "\."/)
  t.match(fault({ regex: '(' }), /in the syntax of RE2/)
  t.match(fault({ prefix: '/x' }, { rewrite: '/{id}' }), /\(\{rest\}\), not \{id\}/)
  t.match(fault({ regex: '/x' }, { rewrite: '/{rest}' }), /it has none/)
})

t.test('a name is dropped', async (t) => {
  t.match(compileName(endpoint('v1/a'), '/api/a', '/api/v1/a', 0), {
    entry: { template: '/api/v1/a', strips: true, parameters: [], host: '' },
    form: { ends: 'prefix', folds: false },
  })
  t.match(compileName(endpoint('..'), '/api/..', '', 0), /without "\."/)
})

t.test('between which only their order decides', async (t) => {
  const identity = (path: PathPattern, rest = {}) => identityOf(compile(path, rest).form, '')
  t.equal(identity({ prefix: '/a/{x}' }), identity({ prefix: '/%61/{y}/' }))
  t.equal(identity({ prefix: '/A' }, { caseSensitive: false }), identity({ prefix: '/a' }, { caseSensitive: false }))
  const all = [
    identity({ prefix: '/a' }),
    identity({ prefix: '/A' }),
    identity({ prefix: '/a' }, { caseSensitive: false }),
    identity({ exact: '/a' }),
    identity({ exact: '/a/' }),
    identity({ regex: '/a' }),
    identity({ regex: '/a' }, { caseSensitive: false }),
    identity({ prefix: '/{a}' }),
    identityOf(compile({ prefix: '/a' }).form, 'conditions'),
  ]
  t.equal(new Set(all).size, all.length)
})
