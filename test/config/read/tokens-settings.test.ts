import { join, resolve } from 'node:path'
import t from 'tap'
import { tokenPaths } from '../../../config/read/tokens-settings.ts'
import { parse, problems } from '../support.ts'

const read = (tokens: string) => parse(`tokens: ${tokens}\n`).settings.tokens
const wrong = (tokens: string) => problems(`tokens: ${tokens}\n`)
const issuer = 'issuer: "https://gateway.example.com"'

t.test('there are none without the section, and none where it is off', async (t) => {
  for (const yaml of ['listen: 8000\n', 'tokens: off\n', 'tokens: false\n'])
    t.equal(parse(yaml).settings.tokens, undefined, yaml)
  t.match(wrong(''), [/expected a mapping with issuer, or off/])
  t.match(wrong('{}'), [/"issuer" is missing/])
})

t.test('an issuer alone is enough', async (t) => {
  t.strictSame(read(`{ ${issuer} }`), {
    issuer: 'https://gateway.example.com',
    audience: 'https://gateway.example.com',
    serve: { prefix: '/auth', on: 'proxy' },
    algorithm: 'ES256',
    keysDir: resolve('keys'),
    rotateEveryMs: undefined,
    accessTtlMs: 15 * 60_000,
    refreshTtlMs: 30 * 86_400_000,
    usersFile: undefined,
    clients: [],
    stateFile: resolve('tokens.state'),
    maxSessions: 100_000,
  })
})

t.test('paths start at the folder of the file; the state lies beside the keys', async (t) => {
  const settings = read(`
  ${issuer}
  audience: api
  serve: { prefix: /login/v1, on: proxy }
  algorithm: EdDSA
  keys_dir: data/keys
  rotate_every: 30d
  access_ttl: 24h
  refresh_ttl: 365d
  users_file: users.yaml
  clients: [{ id: batch, secret_file: /run/batch, scopes: ["a:read"] }, { id: other, secret_file: b, roles: [x] }]
  max_sessions: 5000`)
  t.match(settings, {
    audience: 'api',
    serve: { prefix: '/login/v1' },
    algorithm: 'EdDSA',
    keysDir: resolve('data/keys'),
    rotateEveryMs: 30 * 86_400_000,
    accessTtlMs: 86_400_000,
    refreshTtlMs: 365 * 86_400_000,
    usersFile: resolve('users.yaml'),
    clients: [
      { id: 'batch', secretFile: '/run/batch', scopes: ['a:read'], roles: [] },
      { id: 'other', secretFile: resolve('b'), scopes: [], roles: ['x'] },
    ],
    stateFile: resolve('data/tokens.state'),
    maxSessions: 5000,
  })
  t.strictSame(tokenPaths(settings), [
    `${resolve('data/keys')}/`,
    resolve('data/tokens.state'),
    resolve('users.yaml'),
    '/run/batch',
    resolve('b'),
  ])
  t.strictSame(tokenPaths(undefined), [])
})

t.test('which URLs are an issuer', async (t) => {
  for (const url of [
    'https://a.test',
    'https://a.test/',
    'https://a.test:8443/tenant/one',
    'http://localhost:8000',
    'http://127.0.0.1:8000',
    'http://[::1]:8000',
  ])
    t.equal(read(`{ issuer: "${url}" }`)?.issuer, url)
  const refused: readonly (readonly [string, RegExp])[] = [
    ['a.test', /expected an https:\/\/ URL such as/],
    ['ftp://a.test', /expected an https:\/\/ URL such as/],
    ['http://a.test', /http:\/\/ is for localhost and loopback addresses alone/],
    ['http://127.0.0.1.a.test', /http:\/\/ is for localhost/],
    ['http://10.0.0.1', /http:\/\/ is for localhost/],
    ['https://a.test?', /no query and no fragment/],
    ['https://a.test/?a=1', /no query and no fragment/],
    ['https://a.test/#a', /no query and no fragment/],
    ['https://u:p@a.test', /no user name and no password/],
    ['https://@a.test', /no user name and no password/],
    ['https://a.test/a/', /path of plain segments/],
    ['https://a.test//a', /path of plain segments/],
    ['https://a.test/a;b', /path of plain segments/],
    ['https://a.test/%61', /path of plain segments/],
    ['https://A.test', /expected its usual form, https:\/\/a\.test/],
    ['https://a.test:443', /expected its usual form, https:\/\/a\.test/],
    ['https://a.test/a/../b', /expected its usual form, https:\/\/a\.test\/b/],
  ]
  for (const [url, message] of refused) t.match(wrong(`{ issuer: "${url}" }`), [message], url)
})

t.test('prefixes, places and lifetimes', async (t) => {
  for (const prefix of ['/', 'auth', '/auth/', '/a//b', '/a/../b', '/.', '/a b', '/%61', '/a;b'])
    t.match(wrong(`{ ${issuer}, serve: { prefix: "${prefix}" } }`), [/expected a path such as \/auth/], prefix)
  t.equal(read(`{ ${issuer}, serve: { prefix: /.auth/a.b } }`)?.serve.prefix, '/.auth/a.b')
  t.match(wrong(`{ ${issuer}, serve: { on: admin } }`), [/only the proxy listener serves tokens/])
  t.match(wrong(`{ ${issuer}, access_ttl: 25h }`), [/access_ttl.*from 1s to 24h/s])
  t.match(wrong(`{ ${issuer}, access_ttl: 1500ms }`), [/access_ttl.*whole seconds/s])
  t.match(wrong(`{ ${issuer}, access_ttl: 0s }`), [/access_ttl/])
  t.match(wrong(`{ ${issuer}, refresh_ttl: 366d }`), [/refresh_ttl.*from 1s to 365d/s])
  t.match(wrong(`{ ${issuer}, rotate_every: 1m }`), [/rotate_every.*from 1h/s])
  t.match(wrong(`{ ${issuer}, algorithm: none }`), [/algorithm.*"ES256"/s])
  t.match(wrong(`{ ${issuer}, max_sessions: 1 }`), [/max_sessions/])
  t.match(wrong(`{ ${issuer}, key_dir: a }`), [/key_dir.*keys_dir/s])
})

t.test('clients have names of their own, and files what they are for', async (t) => {
  const clients = '[{ id: a, secret_file: a }, { id: b, secret_file: b }, { id: a, secret_file: c }]'
  t.match(wrong(`{ ${issuer}, clients: ${clients} }`), [/clients\[2\]\.id.*the client "a" is listed already: .*1/s])
  for (const id of ['', 'a:b', 'a b', 'ä'])
    t.match(wrong(`{ ${issuer}, clients: [{ id: "${id}", secret_file: a }] }`), [/clients\[0\]\.id/], id)
  t.match(wrong(`{ ${issuer}, clients: [{ id: a }] }`), [/"secret_file" is missing/])
  t.match(wrong(`{ ${issuer}, state_file: keys/state }`), [/state_file.*the folder of the keys holds nothing else/s])
  t.match(wrong(`{ ${issuer}, state_file: users.yaml, users_file: ${join('.', 'users.yaml')} }`), [
    /state_file.*another option names this file/s,
  ])
})
