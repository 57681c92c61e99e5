// Whatever the spelling of a path: no request gets past the rule that is meant for it.
import fc from 'fast-check'
import t from 'tap'
import type { Endpoint } from '../../../core/index.ts'
import { RouteSlot } from '../../../core/index.ts'
import { endpoint, exchange } from '../../../core/testing.ts'
import { accessRules } from '../../../filters/auth/access-options.ts'
import { compileAccess } from '../../../filters/auth/access-rules.ts'

const IDENTITY = { subject: 'ann', scheme: 'bearer', roles: [], scopes: [], claims: {} }

/** The reason, or `passes`, for a caller without grants. */
function decider(given: unknown, at: Partial<Endpoint> = {}) {
  const access = compileAccess({ roles: [], scopes: [], rules: accessRules().parse(given), roleHierarchy: {} })
  return (path: string): string => {
    const x = exchange({ path })
    x.set(RouteSlot, { endpoint: endpoint('v1/shop', at), path, template: '/' })
    return access(x, IDENTITY)?.reason ?? 'passes'
  }
}

const GUARDED = [{ path: '/shop/admin', roles: ['admin'] }, { path: '/shop' }]

t.test('the normal form is compared', async (t) => {
  const decide = decider(GUARDED)
  for (const path of ['/shop', '/shop/', '/shop/x', '/shop/administrator', '/sh%6fp/x', '/shop/adm%C3%AFn'])
    t.equal(decide(path), 'passes', path)
  for (const path of [
    '/shop/admin',
    '/shop/admin/',
    '/shop/admin/x',
    '/shop/%61dmin',
    '/%73hop/adm%69n/x',
    '/shop/%61%64%6D%69%6E',
  ])
    t.equal(decide(path), 'role_missing', path)
  for (const path of ['/', '/shops', '/Shop', '/x/shop']) t.equal(decide(path), 'no_rule_matches', path)
})

t.test('a path that is read in different ways gets past no rule', async (t) => {
  const decide = decider(GUARDED)
  for (const path of [
    '/shop%2Fadmin',
    '/shop%2fadmin',
    '/shop/x%2F..;/admin',
    '//shop/admin',
    '/shop//admin',
    '/shop/;x/admin',
    '/shop/admin;x',
    '/shop/admin;x=1/y',
    '/shop/admin%3Bx',
    '/shop;x/admin',
    '/shop%2F%2Fadmin',
    '/shop/;%2Fadmin',
    '/shop/admin%2Fx',
    `/shop${'//%2F%3B;'.repeat(3)}/admin`,
  ])
    t.match(decide(path), /^path_(?:ambiguous|traversal)$/, path)
  for (const path of ['/shop/a%2Fb', '/shop/a//b', '/shop/a;x=1', '/shop/x/admin;y', '/shop/'])
    t.equal(decide(path), 'passes', `${path}: one rule is for all readings`)
  for (const path of ['/shop/admin/a%2Fb', '/shop/admin/a;b', '/shop/admin//'])
    t.equal(decide(path), 'role_missing', `${path}: one rule is for all readings`)
})

t.test('paths without a normal form', async (t) => {
  const decide = decider(GUARDED)
  for (const path of [
    '/shop/../x',
    '/shop/%2e%2e/x',
    '/shop/..;/admin',
    '/shop\\admin',
    '/shop/%5Cadmin',
    '/shop/..%2fadmin',
  ])
    t.equal(decide(path), 'path_traversal', path)
  for (const path of ['/shop/%00', '/shop/%zz', '/shop/%ff', '/shop/%C0%AFadmin', '/shop/%'])
    t.equal(decide(path), 'path_invalid', path)
})

t.test('what the upstream of the endpoint is known to read as it is written', async (t) => {
  const decide = decider(GUARDED, { allowAmbiguous: ['encoded_slash'] })
  t.equal(decide('/shop/x%2Fadmin'), 'passes')
  t.equal(decide('/shop/admin%2Fx'), 'passes', 'admin%2Fx is one segment there')
  t.equal(decide('/shop//admin'), 'path_ambiguous')
})

t.test('an endpoint in any case has its rules in any case', async (t) => {
  const paths = ['/shop/ADMIN', '/SHOP/admin/x', '/Shop/%41dmin']
  for (const path of paths) {
    t.equal(decider(GUARDED, { caseSensitive: false })(path), 'role_missing', path)
    t.not(decider(GUARDED)(path), 'role_missing', path)
  }
  const expression = [{ path: { regex: '/.*admin.*' }, deny: true }, {}]
  t.equal(decider(expression, { caseSensitive: false })('/x/ADMIN/y'), 'rule_denied')
  t.equal(decider(expression)('/x/ADMIN/y'), 'passes')
})

t.test('an expression is tried on no path that is too long, and not skipped', async (t) => {
  const long = `/shop/${'x'.repeat(600)}`
  t.equal(decider([{ path: { regex: '/shop/.*' } }, {}])(long), 'path_too_long')
  t.equal(decider([{ path: '/shop' }, { path: { regex: '/.*' } }])(long), 'passes', 'an earlier rule decides')
  t.equal(decider([{ methods: ['POST'], path: { regex: '/.*' } }, {}])(long), 'passes', 'it is not for this request')
})

t.test('the path is read where a rule asks for it alone', async (t) => {
  t.equal(decider([{}])('/a/../b'), 'passes')
  t.equal(decider([{ methods: ['POST'], path: '/a' }, {}])('/a%2Fb'), 'passes')
  t.equal(decider([{ client: ['10.0.0.0/8'], path: '/a' }, {}])('/a%2Fb'), 'passes')
})

t.test('no spelling of a guarded path passes, however it is read', async (t) => {
  const decide = decider(GUARDED)
  const piece = fc.constantFrom('/', '//', '%2F', '%2f', ';', ';x', '%3B', '/;x/', ';a=1/', '.', '%2e', '\\')
  const word = (text: string) =>
    fc
      .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
      .map((encoded) =>
        Array.from(text, (char, i) => (encoded[i] ? `%${char.charCodeAt(0).toString(16)}` : char)).join(''),
      )
  const path = fc
    .tuple(piece, word('shop'), piece, piece, word('admin'), fc.oneof(fc.constant(''), piece))
    .map(([a, shop, b, c, admin, d]) => `/${a}${shop}${b}${c}${admin}${d}`)
  const holds = fc.property(path, (path) => {
    // As the most lenient server: it decodes, cuts and merges.
    const read = decodeURIComponent(path)
      .replaceAll(/;[^/]*/g, '')
      .replaceAll(/\/+/g, '/')
    return !/^\/shop\/admin(\/|$)/.test(read) || decide(path) !== 'passes'
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 3000 }))
})
