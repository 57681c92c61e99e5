// Several kinds of credentials behind one gateway: which count where, and what the upstream gets.
import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { hashSync } from '@node-rs/bcrypt'
import { SignJWT } from 'jose'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { startUpstream } from '../../support/upstream.ts'
import { SECRET } from './support.ts'

const KEY = 'weir_0123456789abcdefghijklmnopqrstuvwxyz'
const OTHER = 'weir_zyxwvutsrqponmlkjihgfedcba9876543210'

t.test('auth_type: one kind, several, none; keys for some endpoints', async (t) => {
  const dir = t.testdir({
    'keys.yaml': `- id: shop\n  hash: sha256:${hash('sha256', KEY, 'hex')}\n  owner: Shop\n  roles: [customer]\n- id: stock\n  hash: sha256:${hash('sha256', OTHER, 'hex')}\n  endpoints: [stock]\n`,
    'users.htpasswd': `ann:${hashSync('secret of ann', 4)}\n`,
  })
  const got: IncomingMessage[] = []
  const upstream = await startUpstream((req, res) => {
    got.push(req)
    res.end('ok')
  })
  t.teardown(() => upstream.close())
  const gateway = await startGateway(
    `
listen: 127.0.0.1:0
admin: off
filters:
  - auth:
      secret: ${SECRET}
      api_keys: { file: keys.yaml, from: [{ header: x-api-key }, { query: api_key }] }
      basic: { file: users.htpasswd }
      identity_headers: { X-User: sub, X-Method: method }
  - route-match
  - proxy
endpoints:
  - { name: tokens, url: "${upstream.url}", auth_type: bearer }
  - { name: keys, url: "${upstream.url}", auth_type: api_key }
  - { name: stock, url: "${upstream.url}", auth_type: api_key }
  - { name: users, url: "${upstream.url}", auth_type: basic }
  - { name: both, url: "${upstream.url}", auth_type: [bearer, api_key] }
  - { name: customers, url: "${upstream.url}", auth_type: [bearer, api_key, basic], roles: [customer] }
  - { name: open, url: "${upstream.url}" }
`,
    { dir },
  )
  t.teardown(() => gateway.close())
  const bearer = `Bearer ${await new SignJWT({ sub: 'tok' }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET))}`
  const basic = `Basic ${Buffer.from('ann:secret of ann').toString('base64')}`
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
    got.length = 0
    const response = await fetch(`${gateway.url}/orchestrator/${path}`, { headers })
    const body = await response.text()
    if (response.status === 200) return `200 ${got[0]!.headers['x-user'] ?? '-'} ${got[0]!.headers['x-method'] ?? '-'}`
    return `${response.status} ${(JSON.parse(body) as { code: string }).code}`
  }
  const all = { bearer: { authorization: bearer }, key: { 'x-api-key': KEY }, basic: { authorization: basic } }

  t.equal(await ask('tokens/', all.bearer), '200 tok bearer')
  t.equal(await ask('tokens/', all.key), '401 token_missing')
  t.equal(await ask('tokens/', all.basic), '401 token_missing')
  t.equal(await ask('keys/', all.key), '200 Shop api_key')
  t.equal(await ask('keys/', all.bearer), '401 api_key_missing')
  t.equal(await ask(`keys/?api_key=${KEY}&a=1`), '200 Shop api_key')
  t.equal(got[0]!.url, '/?a=1')
  t.equal(await ask('users/', all.basic), '200 ann basic')
  t.equal(await ask('users/', all.bearer), '401 password_missing')
  t.equal(await ask('both/', all.bearer), '200 tok bearer')
  t.equal(await ask('both/', all.key), '200 Shop api_key')
  t.equal(await ask('both/', all.basic), '401 credentials_missing')
  t.equal(await ask('both/', { 'x-api-key': 'no such key at all' }), '401 api_key_invalid')
  t.equal(await ask('customers/', all.key), '200 Shop api_key')
  t.equal(await ask('customers/', all.basic), '403 role_missing')

  // A key for one endpoint is nothing elsewhere, and leaves no identity there.
  t.equal(await ask('stock/', { 'x-api-key': OTHER }), '200 stock api_key')
  t.equal(await ask('keys/', { 'x-api-key': OTHER }), '403 endpoint_denied')
  t.equal(await ask('open/', { 'x-api-key': OTHER }), '200 - -')
  t.equal(await ask('open/', { 'x-user': 'root' }), '200 - -')

  t.equal(await ask('customers/', { 'x-api-key': OTHER, ...all.basic }), '403 role_missing', 'the next kind counts')

  // A token that proves nothing does not go upstream beside a key that does.
  for (const forged of [
    'Bearer forged.token.here',
    'bearer\tforged.token.here',
    'Bearer,forged.token.here',
    'BEARER',
  ]) {
    t.equal(await ask('both/', { ...all.key, authorization: forged }), '200 Shop api_key')
    t.notOk(got[0]!.headers.authorization, forged)
  }
  t.equal(await ask('both/', { ...all.key, authorization: 'Bearers of.something.else' }), '200 Shop api_key')
  t.ok(got[0]!.headers.authorization, 'another scheme is somebody else’s')
  const challenges = (await fetch(`${gateway.url}/orchestrator/customers/`)).headers.get('www-authenticate')
  t.equal(challenges, 'Bearer realm="weir", ApiKey realm="weir", Basic realm="weir", charset="UTF-8"')
})
