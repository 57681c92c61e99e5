import t from 'tap'
import * as z from 'zod'
import { checkOptions } from '../../../core/build/option-check.ts'
import { defineFilter } from '../../../core/index.ts'
import { accessRules, patternsOf } from '../../../filters/auth/access-options.ts'
import { roleHierarchy } from '../../../filters/auth/role-hierarchy.ts'

const factory = defineFilter({
  name: 'access',
  apiVersion: 1,
  options: z.strictObject({ rules: accessRules(), role_hierarchy: roleHierarchy() }),
  create: () => ({}),
})

/** `place: message, found …` of each problem. */
const problems = (options: Readonly<Record<string, unknown>>): readonly string[] =>
  (checkOptions(factory as never, { options, at: [] }).problems ?? []).map(
    ({ path, message, found }) => `${path.join('.')}: ${message}${found === undefined ? '' : `, found ${found}`}`,
  )

t.test('what may be written', async (t) => {
  const rules = [
    { methods: ['get'], path: '/a' },
    { path: ['/a', { exact: '/c' }, { regex: '/d' }], roles: ['a'], scopes: ['s:r'] },
    { client: ['10.0.0.0/8', '::1'], claims: { tenant: ['a', 1, true], 'a.b': 'x' } },
    { deny: true },
  ]
  t.same(problems({ rules }), [])
  const read = accessRules().parse(rules)!
  t.same(read[0]?.methods, ['GET'])
  t.same(read.map(patternsOf), [[{ prefix: '/a' }], [{ prefix: '/a' }, { exact: '/c' }, { regex: '/d' }], [], []])
})

t.test('mistakes are named where they are', async (t) => {
  const PATH = 'expected a path such as /users/{id}, or { exact: … }, or { regex: … }'
  const table: readonly (readonly [rule: Readonly<Record<string, unknown>>, problem: string | RegExp])[] = [
    [{ rolls: ['a'] }, /^rules\.0\.rolls: unknown option "rolls" of the filter "access"\. Did you mean "roles"\? /],
    [{ path: 'a' }, /^rules\.0\.path: expected a path such as \/shop or .*, found "a"$/],
    [{ path: ['/a', '/b/*'] }, /^rules\.0\.path\.1: expected a path such as .*, without wildcards and query, found/],
    [{ path: { regex: '(' } }, /^rules\.0\.path\.regex: expected an expression in the syntax of RE2/],
    [{ path: { regex: '/%61' } }, /^rules\.0\.path\.regex: expected a for %61, as in the normal form of paths/],
    [{ path: [{ exact: '/a//b' }] }, /^rules\.0\.path\.0\.exact: expected a path without empty segments/],
    [{ path: { exact: '/a', regex: '/b' } }, /^rules\.0\.path: expected either exact or regex, found/],
    [{ path: [{}] }, /^rules\.0\.path\.0: expected either exact or regex/],
    [{ path: { exact: 5 } }, `rules.0.path: ${PATH}, or a list of at most 50 of them, found a mapping`],
    [{ path: [] }, /^rules\.0\.path: expected a list with at least one entry/],
    [{ methods: ['GE T'] }, 'rules.0.methods.0: expected a method, found "GE T"'],
    [{ methods: [] }, /^rules\.0\.methods: expected a list with at least one entry \(or leave the key out\)/],
    [{ client: ['10.0.0.0/33'] }, /^rules\.0\.client\.0: expected an IP address or a range such as/],
    [{ roles: [] }, /^rules\.0\.roles: expected a list with at least one entry \(or leave the key out\)/],
    [{ roles: 'a' }, 'rules.0.roles: expected a list, found "a"'],
    [{ scopes: ['a b'] }, 'rules.0.scopes.0: expected a scope (RFC 6749 §3.3), found "a b"'],
    [{ claims: {} }, /^rules\.0\.claims: expected 1 to 50 claims/],
    [
      { claims: { a: null } },
      /^rules\.0\.claims\.a: expected a text, a number, true or false, or a list of at most 50 of them/,
    ],
    [{ deny: false }, /^rules\.0\.deny: expected true/],
    [{ deny: true, roles: ['a'] }, /^rules\.0\.deny: deny refuses every caller: remove it, or remove roles/],
    [{ deny: true, claims: { a: 1 } }, /^rules\.0\.deny: deny refuses every caller/],
  ]
  for (const [rule, problem] of table) t.match(problems({ rules: [rule] }), [problem], JSON.stringify(rule))
})

t.test('another kind of path is named, with what there is', async (t) => {
  t.match(problems({ rules: [{ path: { exakt: '/a' } }] }), [
    'rules.0.path.exakt: unknown option "exakt"',
    /^rules\.0\.path: expected either exact or regex/,
  ])
})

t.test('mistakes of rules together', async (t) => {
  t.same(problems({ rules: [] }), [], 'an endpoint takes those of the chain away')
  t.match(problems({ rules: {} }), [/^rules: expected a list/])
  const many = Array.from({ length: 251 }, (_, i) => ({ path: `/${i}` }))
  t.same(problems({ rules: many.slice(1) }), [])
  t.match(problems({ rules: many }), [/^rules: expected at most 250 rules/])
  t.match(problems({ rules: [{ path: '/a' }, { roles: ['a'] }, { path: '/b', deny: true }] }), [
    /^rules\.2: no request reaches this rule, because the one before it is for every request: change their order/,
  ])
  const large = (n: number) => Array.from({ length: n }, () => ({ path: { regex: '/a{900}' } }))
  t.same(problems({ rules: large(2) }), [])
  t.match(problems({ rules: large(3) }), [
    /^rules: the expressions of all rules make \d+ steps together, at most 2000 are allowed: use fewer or simpler ones/,
  ])
})

t.test('a circle of roles', async (t) => {
  t.match(problems({ role_hierarchy: { admin: ['clerk'], clerk: ['admin'] } }), [
    /^role_hierarchy\.admin: these roles include one another: admin > clerk > admin\. Remove one of the steps/,
  ])
})
