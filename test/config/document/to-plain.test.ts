import t from 'tap'
import { endpoint, parse, problems } from '../support.ts'

t.test('a key stands once', async (t) => {
  t.same(problems('listen: 1\ndebug: true\nlisten: 2\n'), [
    '3:1 listen: the key "listen" is repeated; the first is on line 1: remove one of them',
  ])
  t.same(problems(endpoint('"name": again')), [
    '4:5 endpoints[0].name: the key "name" is repeated; the first is on line 2: remove one of them',
  ])
})

t.test('keys that would reach into objects are refused', async (t) => {
  t.match(problems('__proto__: { listen: 1 }\n'), [/^1:1 __proto__: "__proto__" is not allowed as a key$/])
  t.match(problems('circuit_breaker: { __proto__: { x: 1 } }\n'), [/^1:20 circuit_breaker.__proto__/])
  t.match(problems('constructor: 1\ntoString: 2\n'), [/unknown key "constructor"/, /unknown key "toString"/])
  t.match(problems(endpoint('filters: { constructor: {}, hasOwnProperty: off }')), [
    /the chain has no filter named "constructor"/,
    /the chain has no filter named "hasOwnProperty"/,
  ])
  t.match(problems('shutdown: { <<: *x }'), [/^1:13 shutdown\["<<"\]: merge keys/])
})

t.test('aliases stand for values, within limits', async (t) => {
  const config = parse(`endpoints:
  - { name: a, url: &url "http://upstream", methods: &m [GET] }
  - { name: b, url: *url, methods: *m }
`)
  t.same(config.spec.endpoints[1]?.endpoint.targets, config.spec.endpoints[0]?.endpoint.targets)
  t.same(problems('listen: *port\n'), [
    '1:1 listen: the alias *port has no anchor &port before it; put a text that starts with * in quotes',
  ])
  t.match(problems('circuit_breaker: &a { x: *a }\n'), [
    /^1:23 circuit_breaker.x: the alias \*a is inside of what it refers to/,
  ])
  t.match(problems('*a : 1\nlisten: &a 2\n'), [/a key must be plain text/])
  t.same(
    parse('circuit_breaker: { a: &x 1, b: *x, c: &x 2, d: *x }').spec.listeners[0]?.chain[4]?.options,
    { a: 1, b: 1, c: 2, d: 2 },
    'the nearest anchor before it counts',
  )
  const bomb = [...'bcdefghij'].map((c, i) => `  ${c}: &${c} [${`*${'abcdefghi'[i]},`.repeat(10)}]`).join('\n')
  t.match(problems(`circuit_breaker:\n  a: &a [1,1,1,1,1,1,1,1,1,1]\n${bomb}\n`), [
    /the aliases of the document stand for more than 100000 values/,
  ])
})

t.test('nesting has a limit', async (t) => {
  t.match(problems(`circuit_breaker: { x: ${'['.repeat(100)}${']'.repeat(100)} }`), [
    /nested more than 64 levels deep$/,
  ])
  t.match(problems('['.repeat(20_000)), [/nested too deeply/])
  t.match(problems(`x: ${'{a: '.repeat(5000)}`)[0], /nested too deeply/)
})
