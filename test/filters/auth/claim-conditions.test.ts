import t from 'tap'
import { type Claims, claimConditions, conditionsOf } from '../../../filters/auth/claim-conditions.ts'

const schema = claimConditions()
const holds = (given: Parameters<typeof conditionsOf>[0], claims: Claims): boolean =>
  conditionsOf(schema.parse(given)).every((condition) => condition.holds(claims))

t.test('values', async (t) => {
  const table: readonly (readonly [Parameters<typeof conditionsOf>[0], Claims, boolean])[] = [
    [{ tenant: 'acme' }, { tenant: 'acme' }, true],
    [{ tenant: 'acme' }, { tenant: 'acme2' }, false],
    [{ tenant: 'acme' }, {}, false],
    [{ tenant: 'acme' }, { tenant: null }, false],
    [{ tenant: ['acme', 'other'] }, { tenant: 'other' }, true],
    [{ tenant: 'acme' }, { tenant: ['x', 'acme'] }, true],
    [{ tenant: ['acme', 'other'] }, { tenant: ['x', 'other'] }, true],
    [{ tenant: 'acme' }, { tenant: [] }, false],
    [{ tenant: 'acme' }, { tenant: [['acme']] }, false],
    [{ tenant: 'acme' }, { tenant: { acme: 'acme' } }, false],
    [{ level: 3 }, { level: 3 }, true],
    [{ level: 3 }, { level: '3' }, false],
    [{ acr: '1' }, { acr: 1 }, false],
    [{ email_verified: true }, { email_verified: true }, true],
    [{ email_verified: true }, { email_verified: 'true' }, false],
    [{ email_verified: false }, {}, false],
    [{ tenant: 'acme', level: [1, 2] }, { tenant: 'acme', level: 2 }, true],
    [{ tenant: 'acme', level: [1, 2] }, { tenant: 'acme', level: 3 }, false],
  ]
  for (const [given, claims, expected] of table)
    t.equal(holds(given, claims), expected, `${JSON.stringify(given)} ${JSON.stringify(claims)}`)
})

t.test('names and dotted paths', async (t) => {
  t.ok(holds({ 'a.b.c': 1 }, { a: { b: { c: 1 } } }))
  t.ok(holds({ 'https://example.com/tenant': 'acme' }, { 'https://example.com/tenant': 'acme' }))
  t.notOk(holds({ 'a.b': 2 }, { 'a.b': 1, a: { b: 2 } }), 'the whole name comes first')
  t.notOk(holds({ 'l.0': 1 }, { l: [1] }), 'a list has no names')
  t.notOk(holds({ 'l.length': 1, 'constructor.name': 'Object' }, { l: [1] }), 'own members alone')
})

t.test('mistakes', async (t) => {
  const problems = (value: unknown): readonly string[] =>
    (schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
  t.same(problems({}), [': expected 1 to 50 claims (or leave the key out)'])
  t.match(problems({ a: [] }), [/^a: /])
  t.match(problems({ a: null }), ['a: expected a text, a number, true or false, or a list of at most 50 of them'])
  t.match(problems({ a: { b: 1 } }), ['a: expected a text, a number, true or false, or a list of at most 50 of them'])
  t.match(problems({ a: [['x']] }), [/^a[.:]/])
  t.match(problems({ '': 1 }), [/./])
  t.match(problems({ a: '' }), [/^a: /])
  t.match(problems({ a: Array.from({ length: 51 }, (_, i) => i) }), [
    /^a: expected .* or a list of at most 50 of them$/,
  ])
  t.match(problems(['a']), [/./])
})
