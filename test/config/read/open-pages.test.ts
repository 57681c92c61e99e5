import t from 'tap'
import { warnings as all, endpoint } from '../support.ts'

const warnings = (text: string): string[] => all(text).filter((warning) => !warning.includes('there are no endpoints'))

const chain = 'filters: [auth, route-match, admin: off, proxy]\n'
const OPEN = /"admin" serves \/metrics.* to all that reach the proxy listener, without a token: set "auth_type: bearer"/

t.test('an endpoint that turns the admin filter on', async (t) => {
  const open = warnings(endpoint('filters: { admin: on }', chain))
  t.match(open, [OPEN])
  t.match(open, [/^4:16 endpoints\[0\]\.filters\.admin: /])
  t.strictSame(warnings(endpoint('', chain)), [])
  t.strictSame(warnings(endpoint('auth_type: bearer\nfilters: { admin: on }', chain)), [])
  t.strictSame(warnings(endpoint('filters: { admin: on, auth: { required: true } }', chain)), [])
  t.strictSame(warnings(endpoint('filters: { admin: { probes_only: true } }', chain)), [])
  t.match(
    warnings(endpoint('auth_type: none\nfilters: { admin: on }', chain.replace('auth', 'auth: { required: true }'))),
    [OPEN],
  )
})

t.test('once for several endpoints', async (t) => {
  const more = '  - { name: b, path: /b, filters: { admin: on } }\n'
  t.match(warnings(endpoint('filters: { admin: on }', more + chain)), [/\(the same at 1 more of the endpoints\)$/])
})

t.test('a chain of the proxy listener that ends with it', async (t) => {
  const open = (filters: string, keys = ''): string[] => warnings(endpoint(keys, `filters: [${filters}]\n`))
  t.match(open('route-match, admin'), [/^5:24 filters\[1\]: "admin" serves/])
  t.match(open('auth, route-match, { filter: admin, name: pages }'), [/"pages" serves/])
  t.strictSame(open('auth, route-match, admin', 'auth_type: bearer'), [])
  t.strictSame(open('auth: { required: true }, route-match, admin'), [])
  t.strictSame(open('route-match, admin: { probes_only: true }'), [])
  t.match(warnings('filters: [admin]\n'), [OPEN])
  t.strictSame(warnings('filters: [auth: { required: true }, admin]\n'), [])
  t.strictSame(warnings('filters: [route-match, admin: off, proxy]\n'), [])
})

t.test('the admin listener has no such warning', async (t) => {
  t.strictSame(warnings('admin: { filters: [admin] }\n'), [])
})
