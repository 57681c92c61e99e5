import fc from 'fast-check'
import t from 'tap'
import type { Identity } from '../../../core/index.ts'
import { exchange, type TestRequest } from '../../../core/testing.ts'
import { type AccessRule, accessRules } from '../../../filters/auth/access-options.ts'
import { ACCESS_REASONS, type AccessOptions, compileAccess } from '../../../filters/auth/access-rules.ts'

type Given = readonly Readonly<Record<string, unknown>>[]

const rulesOf = (given: Given): AccessRule[] => accessRules().parse(given)!
const accessOf = (options: Partial<AccessOptions>) =>
  compileAccess({ roles: [], scopes: [], roleHierarchy: {}, ...options })
const caller = (rest: Partial<Identity> = {}): Identity => ({
  subject: 'ann',
  scheme: 'bearer',
  roles: [],
  scopes: [],
  claims: {},
  ...rest,
})

/** `reason missing`, or undefined: it passes. */
function decision(options: Partial<AccessOptions>, request: TestRequest, identity: Partial<Identity>) {
  const denial = accessOf(options)(exchange(request), caller(identity))
  return denial === undefined ? undefined : [denial.reason, denial.missing].filter(Boolean).join(' ')
}

t.test('roles and scopes without rules', async (t) => {
  const table: readonly (readonly [Partial<AccessOptions>, Partial<Identity>, string | undefined])[] = [
    [{}, {}, undefined],
    [{ roles: ['clerk', 'boss'] }, { roles: ['boss'] }, undefined],
    [{ roles: ['clerk', 'boss'] }, { roles: ['customer'] }, 'role_missing clerk or boss'],
    [{ roles: ['clerk'] }, {}, 'role_missing clerk'],
    [{ scopes: ['a', 'b'] }, { scopes: ['b', 'a', 'c'] }, undefined],
    [{ scopes: ['a', 'b'] }, { scopes: ['a'] }, 'scope_missing b'],
    [{ roles: ['clerk'], scopes: ['a'] }, { roles: ['clerk'] }, 'scope_missing a'],
    [{ roles: ['clerk'], scopes: ['a'] }, {}, 'role_missing clerk'],
    [{ roles: ['Clerk'] }, { roles: ['clerk'] }, 'role_missing Clerk'],
  ]
  for (const [options, identity, expected] of table)
    t.equal(decision(options, {}, identity), expected, JSON.stringify([options, identity]))
})

t.test('a role counts for those that it includes, and not the other way round', async (t) => {
  const roleHierarchy = { admin: ['clerk'], clerk: ['customer'] }
  const rules = rulesOf([
    { path: '/a', roles: ['customer'] },
    { path: '/b', roles: ['admin'] },
  ])
  for (const role of ['admin', 'clerk', 'customer']) {
    t.equal(decision({ roleHierarchy, roles: ['customer'] }, {}, { roles: [role] }), undefined, role)
    t.equal(decision({ roleHierarchy, rules }, { path: '/a' }, { roles: [role] }), undefined, role)
  }
  t.equal(decision({ roleHierarchy, roles: ['admin'] }, {}, { roles: ['clerk'] }), 'role_missing admin')
  t.equal(decision({ roleHierarchy, rules }, { path: '/b' }, { roles: ['clerk'] }), 'role_missing admin')
  t.equal(decision({ roleHierarchy, roles: ['clerk'] }, {}, { roles: ['toString'] }), 'role_missing clerk')
})

t.test('what a rule demands', async (t) => {
  const table: readonly (readonly [rule: Given[number], Partial<Identity>, string | undefined])[] = [
    [{}, {}, undefined],
    [{ roles: ['a', 'b'] }, { roles: ['b'] }, undefined],
    [{ roles: ['a', 'b'] }, { roles: ['c'] }, 'role_missing a or b'],
    [{ scopes: ['s', 't'] }, { scopes: ['t'] }, 'scope_missing s'],
    [{ scopes: ['s', 't'] }, { scopes: ['s', 't'] }, undefined],
    [{ claims: { tenant: 'acme', 'a.b': 1 } }, { claims: { tenant: 'acme', a: { b: 1 } } }, undefined],
    [{ claims: { tenant: 'acme', 'a.b': 1 } }, { claims: { tenant: 'acme', a: { b: 2 } } }, 'claim_missing a.b'],
    [{ claims: { tenant: ['x', 'acme'] } }, { claims: { tenant: ['acme', 'y'] } }, undefined],
    [{ roles: ['a'], scopes: ['s'] }, { roles: ['a'] }, 'scope_missing s'],
    [{ roles: ['a'], claims: { c: 1 } }, { roles: ['a'] }, 'claim_missing c'],
    [{ deny: true }, { roles: ['a'], scopes: ['s'] }, 'rule_denied'],
  ]
  for (const [rule, identity, expected] of table)
    t.equal(decision({ rules: rulesOf([rule]) }, {}, identity), expected, JSON.stringify([rule, identity]))
})

t.test('what a rule is for', async (t) => {
  const table: readonly (readonly [rule: Given[number], TestRequest, applies: boolean])[] = [
    [{ methods: ['get'] }, { method: 'GET' }, true],
    [{ methods: ['get'] }, { method: 'HEAD' }, true],
    [{ methods: ['HEAD'] }, { method: 'GET' }, false],
    [{ methods: ['POST', 'PUT'] }, { method: 'PUT' }, true],
    [{ methods: ['POST'] }, { method: 'HEAD' }, false],
    [{ path: '/a' }, { path: '/a/b?c=/d' }, true],
    [{ path: '/a' }, { path: '/ab' }, false],
    [{ path: ['/x', { exact: '/a' }] }, { path: '/a' }, true],
    [{ path: { exact: '/a' } }, { path: '/a/' }, false],
    [{ path: '/users/{id}/orders' }, { path: '/users/7/orders/1' }, true],
    [{ path: { regex: '/v[0-9]+/.*' } }, { path: '/v12/x' }, true],
    [{ client: ['10.0.0.0/8', 'fd00::/8'] }, { client: '10.1.2.3' }, true],
    [{ client: ['10.0.0.0/8', 'fd00::/8'] }, { client: 'fd00::1' }, true],
    [{ client: ['10.0.0.0/8'] }, { client: '11.1.2.3' }, false],
    [{ client: ['10.0.0.0/8'] }, { client: '10.1.2.3', downstream: { peer: '11.0.0.1' } }, true],
    [{ methods: ['GET'], path: '/a', client: ['10.0.0.0/8'] }, { path: '/a', client: '10.0.0.1' }, true],
    [{ methods: ['GET'], path: '/a', client: ['10.0.0.0/8'] }, { path: '/a', client: '11.0.0.1' }, false],
    [{ methods: ['GET'], path: '/a', client: ['10.0.0.0/8'] }, { path: '/b', client: '10.0.0.1' }, false],
    [{ methods: ['GET'], path: '/a' }, { method: 'POST', path: '/a' }, false],
    [{ path: '/' }, { method: 'OPTIONS', path: '*' }, false],
  ]
  for (const [rule, request, applies] of table)
    t.equal(
      decision({ rules: rulesOf([rule]) }, request, {}),
      applies ? undefined : 'no_rule_matches',
      JSON.stringify([rule, request]),
    )
})

t.test('roles and scopes of the filter come before its rules', async (t) => {
  const options = { roles: ['clerk'], scopes: ['s'], rules: rulesOf([{ deny: true }]) }
  t.equal(decision(options, {}, {}), 'role_missing clerk')
  t.equal(decision(options, {}, { roles: ['clerk'] }), 'scope_missing s')
  t.equal(decision(options, {}, { roles: ['clerk'], scopes: ['s'] }), 'rule_denied')
  t.equal(decision({ roles: ['clerk'], rules: [] }, {}, { roles: ['clerk'] }), undefined, 'an empty list has no rules')
})

t.test('the first rule that is for a request decides, whatever later ones say', async (t) => {
  const METHODS = ['GET', 'HEAD', 'POST', 'DELETE']
  const names = fc.constantFrom('a', 'b')
  const paths = fc.array(names, { maxLength: 2 }).map((segments) => `/${segments.join('/')}`)
  const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
  const rule = fc.record({
    methods: some(fc.subarray(METHODS, { minLength: 1 })),
    path: some(fc.oneof(paths, fc.array(paths, { minLength: 1, maxLength: 2 }))),
    client: some(fc.constantFrom(['10.0.0.0/8'], ['192.0.2.1', '10.1.0.0/16'])),
    grant: fc.constantFrom({}, { roles: ['r'] }, { scopes: ['s'] }, { claims: { c: 1 } }, { deny: true as const }),
  })
  const request = fc.record({
    method: fc.constantFrom(...METHODS),
    path: paths,
    client: fc.constantFrom('10.0.0.1', '10.1.0.1', '192.0.2.1'),
  })
  const identity = fc.record({
    roles: fc.subarray(['r']),
    scopes: fc.subarray(['s']),
    claims: fc.constantFrom({}, { c: 1 }),
  })
  const holds = fc.property(
    fc.array(rule, { minLength: 1, maxLength: 6 }),
    request,
    identity,
    (list, request, identity) => {
      const rules = list.map(({ grant, ...selectors }) => ({ ...selectors, ...grant })) as AccessRule[]
      const alone = rules
        .map((one) => decision({ rules: [one] }, request, identity))
        .find((found) => found !== 'no_rule_matches')
      const matched = rules.some((one) => decision({ rules: [one] }, request, identity) !== 'no_rule_matches')
      return decision({ rules }, request, identity) === (matched ? alone : 'no_rule_matches')
    },
  )
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 1000 }))
})

t.test('denials are one object each, and their reasons are fixed', async (t) => {
  const access = accessOf({ roles: ['clerk'], rules: rulesOf([{ path: '/a', deny: true }]) })
  t.equal(access(exchange(), caller()), access(exchange({ path: '/b' }), caller()))
  t.ok(Object.isFrozen(access(exchange(), caller())))
  for (const [reason, status] of Object.entries(ACCESS_REASONS)) {
    t.match(reason, /^[a-z_]+$/)
    t.ok(status === 403 || reason.startsWith('path_'), reason)
  }
})
