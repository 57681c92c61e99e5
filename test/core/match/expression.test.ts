import t from 'tap'
import { expressionOf, MAX_SUBJECT, parseExpression, unmatchable } from '../../../core/match/expression.ts'

t.test('RE2, of whole texts', async (t) => {
  t.equal(MAX_SUBJECT, 512)
  t.ok(typeof parseExpression('/v[0-9]+(?P<tail>/.*)?') === 'object')
  t.equal(expressionOf('/v[0-9]+').matches('/v12'), true)
  t.equal(expressionOf('/v[0-9]+').matches('/v12/x'), false)
  t.equal(expressionOf('a|ab').matches('ab'), true)
})

t.test('what is none, or too large', async (t) => {
  for (const one of ['(', 'a**', '[z-a]', '(?=x)', '(a)\\1', '(?<!x)y'])
    t.match(parseExpression(one), /^an expression in the syntax of RE2 \(no look-around, no references back\): /, one)
  t.ok(typeof parseExpression('a'.repeat(500)) === 'object')
  t.equal(parseExpression('a'.repeat(501)), 'an expression of at most 500 characters')
  t.match(
    parseExpression('[ab]{600}[cd]{600}'),
    /^a smaller expression: its repetitions make \d+ steps, at most 1000 are allowed$/,
  )
  t.ok(typeof parseExpression('a{900}') === 'object')
  t.match(parseExpression('a{1001}'), /^an expression in the syntax of RE2/)
})

t.test('time grows with the subject alone', async (t) => {
  const begun = performance.now()
  t.equal(expressionOf('(a+)+(b*)*$').matches(`${'a'.repeat(511)}!`), false)
  t.ok(performance.now() - begun < 1000)
})

t.test('what no normal form of a path has', async (t) => {
  for (const one of ['/a', '/%C3%A9', '/%20', '/[a-z]+%2F']) t.equal(unmatchable(one), undefined, one)
  t.equal(unmatchable('/%61dmin'), 'a for %61, as in the normal form of paths')
  t.equal(unmatchable('/a%2fb'), '%2F for %2f, as in the normal form of paths')
  t.equal(unmatchable('/%c3%A9'), '%C3 for %c3, as in the normal form of paths')
  t.match(unmatchable('/%00'), /^a path without control characters/)
})
