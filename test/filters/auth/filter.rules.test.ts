// Rules through a whole gateway: who may do what, and what a refusal says.
import { SignJWT } from 'jose'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { sendRaw } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'
import { SECRET } from './support.ts'

const token = (claims: Record<string, unknown>): Promise<string> =>
  new SignJWT({ sub: 'ann', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(SECRET))

async function setUp(t: { teardown(fn: () => unknown): void }, auth: string, rest = '') {
  const upstream = await startUpstream((_req, res) => void res.end('ok'))
  t.teardown(() => upstream.close())
  const gateway = await startGateway(`
listen: 127.0.0.1:0
admin: off
${rest}
filters:
  - auth:
      secret: ${SECRET}
${auth}
  - route-match
  - proxy
endpoints:
  - { name: shop, url: "${upstream.url}", path: /shop }
  - { name: open, url: "${upstream.url}", path: /open, auth_type: none }
`)
  t.teardown(() => gateway.close())
  return async (method: string, path: string, claims?: Record<string, unknown>): Promise<string> => {
    const field = claims === undefined ? '' : `Authorization: Bearer ${await token(claims)}\r\n`
    const head = `${method} ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n${field}\r\n`
    const received = await sendRaw(Number(new URL(gateway.url).port), Buffer.from(head, 'latin1'))
    const problem = /\r\n\r\n(\{.*\})/s.exec(received)?.[1]
    const { code, missing } = (problem === undefined ? {} : JSON.parse(problem)) as Record<string, string>
    return [received.slice(9, 12), code, missing].filter((part) => part !== undefined).join(' ')
  }
}

const RULES = `
      rules:
        - { path: /shop/admin, roles: [admin] }
        - { path: /shop, methods: [DELETE], roles: [admin] }
        - { path: /shop, methods: [GET], scopes: ["orders:read"] }
        - { path: /shop/mine, claims: { tenant: [acme] } }
      role_hierarchy: { root: [admin] }`

t.test('the first rule whose selectors match decides; none is a refusal', async (t) => {
  const ask = await setUp(t, RULES)
  t.equal(await ask('GET', '/shop/a'), '401 token_missing')
  t.equal(await ask('GET', '/shop/a', { scope: 'orders:read' }), '200')
  t.equal(await ask('HEAD', '/shop/a', {}), '403', 'HEAD is GET')
  t.equal(await ask('GET', '/shop/a', { scope: 'orders:write' }), '403 scope_missing')
  t.equal(await ask('GET', '/shop/admin/x', { scope: 'orders:read' }), '403 role_missing')
  t.equal(await ask('DELETE', '/shop/a', { roles: ['root'] }), '200', 'root includes admin')
  t.equal(await ask('POST', '/shop/mine', { tenant: 'acme' }), '200')
  t.equal(await ask('POST', '/shop/mine', { tenant: 'other' }), '403 claim_missing')
  t.equal(await ask('POST', '/shop/a', { roles: ['admin'] }), '403 no_rule_matches')
  t.equal(await ask('GET', '/open/a'), '200', 'auth_type: none takes the rules of the chain away')
})

t.test('other ways to write a path do not get past its rule', async (t) => {
  const ask = await setUp(t, RULES)
  const reader = { scope: 'orders:read' }
  for (const path of [
    '/shop/%61dmin',
    '/shop/./admin',
    '/shop//admin',
    '/shop%2Fadmin',
    '/shop/admin;x',
    '/shop/x/../admin',
  ])
    t.match(await ask('GET', path, reader), /^(400|403)/, path)
})

t.test('a refusal says what is missing only with debug', async (t) => {
  const ask = await setUp(t, RULES, 'debug: true')
  t.equal(await ask('GET', '/shop/a', {}), '403 scope_missing orders:read')
  t.match(await ask('GET', '/shop/admin', { scope: 'orders:read' }), /^403 role_missing admin/)
  const quiet = await setUp(t, RULES)
  t.equal(await quiet('GET', '/shop/a', {}), '403 scope_missing')
})
