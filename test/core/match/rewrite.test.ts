import t from 'tap'
import { type Rewrite, rewriteOf, rewritten } from '../../../core/match/rewrite.ts'

t.test('parameters and texts in turn', async (t) => {
  const made = (template: string, params: Record<string, string>, rest = '', expression = false): string =>
    rewritten(rewriteOf(template, Object.keys(params), expression) as Rewrite, params, rest)
  t.equal(made('/api/{id}{rest}', { id: '7' }, '/orders'), '/api/7/orders')
  t.equal(made('/api/{id}{rest}', { id: '7' }), '/api/7')
  t.equal(made('{rest}', {}, '/x'), '/x')
  t.equal(made('/fixed', {}, '/x'), '/fixed')
  t.equal(made('/{b}-{a}.json', { a: '%61', b: 'B%2fc' }), '/B%2fc-%61.json', 'as they came')
  t.equal(made('/{a}/{a}', { a: 'x' }), '/x/x')
  t.equal(made('/caf\u00e9/%7e', {}), '/caf%C3%A9/~')
  t.equal(made('/new{tail}', { tail: '/a/b' }, '', true), '/new/a/b')
  t.equal(made('/{rest}', { rest: 'r' }, '', true), '/r', 'a group of that name')
})

t.test('what can not be used', async (t) => {
  const table: Readonly<Record<string, RegExp>> = {
    api: /begins with \//,
    '{id}/x': /begins with \//,
    '{rest}/x': /begins with \//,
    '/a?b': /without query, fragment and spaces/,
    '/a#b': /without query/,
    '/a b': /spaces/,
    '/{id': /braces in pairs/,
    '/id}': /braces in pairs/,
    '/{nope}': /parameters of the match \(\{id\}, \{rest\}\), not \{nope\}/,
    '/{}': /not \{\}/,
    '/a/../b': /in the rewrite a path without "\."/,
    '/%zz': /in the rewrite .* two hexadecimal digits/,
  }
  for (const [template, expected] of Object.entries(table))
    t.match(rewriteOf(template, ['id'], false), expected, template)
  t.match(rewriteOf('/{rest}', ['id'], true), /\(\{id\}\), not \{rest\}/)
  t.match(rewriteOf('/{x}', [], true), /\(it has none\), not \{x\}/)
})
