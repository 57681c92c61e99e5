import t from 'tap'
import { parametersOf, parseTemplate } from '../../../core/match/path-template.ts'

const literal = (text: string) => ({ literal: text })
const parameter = (name: string) => ({ parameter: name })

t.test('segments, in normal form', async (t) => {
  t.same(parseTemplate('/'), [])
  t.same(parseTemplate('/', true), [])
  t.same(parseTemplate('/shop'), [literal('shop')])
  t.same(parseTemplate('/shop/'), [literal('shop')])
  t.same(parseTemplate('/shop/', true), [literal('shop'), literal('')])
  t.same(parseTemplate('/%73hop/caf\u00e9'), [literal('shop'), literal('caf%C3%A9')])
  t.same(parseTemplate('/a%2fb'), [literal('a%2Fb')])
  t.same(parseTemplate('/users/{id}/orders/{order_2}'), [
    literal('users'),
    parameter('id'),
    literal('orders'),
    parameter('order_2'),
  ])
  t.same(parametersOf(parseTemplate('/{b}/x/{a}') as []), ['b', 'a'])
})

t.test('what is no path', async (t) => {
  const table: Readonly<Record<string, RegExp>> = {
    '': /such as \/shop or \/users\/\{id\}/,
    shop: /such as \/shop/,
    '/a?b': /without wildcards and query/,
    '/a#b': /without wildcards and query/,
    '/a/*': /without wildcards/,
    '/a b': /without wildcards/,
    '/a/{id}.json': /parameters that are whole segments/,
    '/a/{}': /whole segments/,
    '/a/{1}': /whole segments/,
    '/a/{id': /whole segments/,
    '/{rest}': /another name than \{rest\}/,
    '/{a}/{b}/{a}': /each parameter once, not \{a\} twice/,
    '/a/..': /without "\." and "\.\."/,
    '/%zz': /two hexadecimal digits/,
    '/%ff': /UTF-8/,
  }
  for (const [path, expected] of Object.entries(table)) t.match(parseTemplate(path), expected, path)
  t.equal(parseTemplate('/a'.repeat(64)).length, 64)
  t.equal(parseTemplate('/a'.repeat(65)), 'a path of at most 64 segments')
})
