import { hash } from 'node:crypto'
import t from 'tap'
import { startGateway } from '../../../core/testing.ts'
import { options } from '../../../filters/auth/options.ts'
import { send } from '../../support/client.ts'
import { startUpstream } from '../../support/upstream.ts'
import { SECRET } from './support.ts'

const mistakes = (given: unknown): string[] =>
  options.safeParse(given).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

t.test('beside issuers, no option about tokens is ignored in silence', async (t) => {
  const issuers = [{ issuer: 'a', secret: SECRET }]
  for (const [option, value] of Object.entries({
    issuer: 'a',
    secret_file: 'secret',
    algorithm: 'HS256',
    audience: 'orders',
    claims: { tenant: 'acme' },
    required_claims: ['tenant'],
    require_exp: true,
    token_type: 'at+jwt',
    max_age: '5m',
    clock_tolerance: 0,
    roles_claim: 'groups',
    tls: { verify: false },
  }))
    t.strictSame(
      mistakes({ issuers, [option]: value }),
      [`${option}: stands for one issuer: write it at the entries of issuers`],
      option,
    )
  t.strictSame(mistakes({ issuers, clock_tolerance: '5s', required: true, token_from: ['header'] }), [])
})

t.test('fields for the identity: once, and none in which clients send keys', async (t) => {
  const api_keys = { keys: [], from: [{ query: 'key' }, { header: 'X-Key' }] }
  t.match(mistakes({ secret: SECRET, identity_headers: { 'X-User': 'sub', 'x-user': 'roles' } }), [
    /x-user: given twice/,
  ])
  t.match(mistakes({ api_keys, identity_headers: { 'x-key': 'sub' } }), [
    /identity_headers.x-key: clients send API keys/,
  ])
  const identity_token = { secret_file: 'secret', header: 'X-Key' }
  t.match(mistakes({ api_keys, identity_token }), [/identity_token.header: clients send API keys/])
  t.match(mistakes({ identity_token, identity_headers: { 'x-key': 'sub' } }), [/identity_token.header: given twice/])
  t.strictSame(mistakes({ api_keys, identity_headers: { 'X-User': 'sub', key: 'roles' } }), [])
})

t.test('where keys of issuers are: a URL without a password, and for a minute or more', async (t) => {
  t.match(mistakes({ jwks_url: 'https://ann:secret@id.example.com/' }), [/without user and password/])
  t.match(mistakes({ issuer: 'https://ann@id.example.com/', discovery: true }), [/needs the issuer/])
  t.match(mistakes({ jwks_url: 'https://id.example.com/', keys_stale_for: '30s' }), [/keys_stale_for: expected 1m/])
})

t.test('a field for keys arrives whatever its name is, and nothing that reads like it', async (t) => {
  const key = 'weir_0123456789abcdefghijklmnopqrstuvwxyz'
  const got: string[] = []
  const upstream = await startUpstream((req, res) => {
    got.push(...req.rawHeaders.filter((text) => /key/i.test(text)))
    res.end()
  })
  t.teardown(() => upstream.close())
  for (const name of ['te', 'upgrade', 'content-length', 'x-forwarded-for'])
    t.match(mistakes({ api_keys: { keys: [], from: [{ header: name }] } }), [/another use/], name)
  const keys = `[{ id: shop, hash: "sha256:${hash('sha256', key, 'hex')}" }]`
  const gateway = await startGateway(`
listen: 127.0.0.1:0
admin: off
filters:
  - auth: { api_keys: { keys: ${keys}, from: [{ header: api_key }] }, required: true }
  - route-match
  - proxy
endpoints:
  - { name: orders, url: "${upstream.url}" }
`)
  t.teardown(() => gateway.close())
  const url = `${gateway.url}/orchestrator/orders/`
  t.equal((await send(url, { headers: { api_key: key, 'Api-Key': 'other', 'api.key': 'other' } })).status, 200)
  t.strictSame(got, ['api_key'])
  t.equal((await send(url, { headers: { 'api-key': key } })).status, 401)
})
