import t from 'tap'
import { TokenPaths } from '../../../plugins/tokens/token-paths.ts'

const all = (paths: TokenPaths, given: readonly string[]) => given.map((path) => paths.find(path))

t.test('exact paths below the prefix, and the well-known ones of the issuer', async (t) => {
  const paths = new TokenPaths('/auth', 'https://a.test')
  t.strictSame(
    all(paths, ['/auth/token', '/auth/refresh', '/auth/revoke', '/auth/validate', '/auth/user', '/auth/jwks.json']),
    ['token', 'refresh', 'revoke', 'validate', 'user', 'jwks'],
  )
  t.strictSame(
    all(paths, [
      '/.well-known/jwks.json',
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
    ]),
    ['jwks', 'metadata', 'metadata'],
  )
  t.equal(new TokenPaths('/auth', 'https://a.test/').find('/.well-known/jwks.json'), 'jwks')
  const tenant = new TokenPaths('/auth', 'https://a.test/t/1')
  t.strictSame(
    all(tenant, [
      '/t/1/.well-known/jwks.json',
      '/t/1/.well-known/openid-configuration',
      '/.well-known/openid-configuration/t/1',
      '/t/1/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/t/1',
      '/.well-known/openid-configuration',
    ]),
    ['jwks', 'metadata', 'metadata', 'metadata', 'metadata', undefined],
  )
})

t.test('another spelling of the same path is that path', async (t) => {
  const paths = new TokenPaths('/auth', 'https://a.test')
  t.equal(paths.find('/%61uth/t%6Fken'), 'token')
  t.equal(paths.find('/.well-known/jwks%2Ejson'), 'jwks')
})

t.test('what some server may read as a path below the prefix goes to none', async (t) => {
  const paths = new TokenPaths('/auth', 'https://a.test')
  for (const path of [
    '/auth',
    '/auth/',
    '/auth/token/',
    '/auth/tokens',
    '/auth/Token',
    '/AUTH/token',
    '/Auth',
    '//auth/token',
    '/auth//token',
    '/auth;a=b/token',
    '/auth/token;a=b',
    '/%41uth/token',
    '/auth%2Ftoken',
    '/;x/auth/token',
    '/%2Fauth/token',
  ])
    t.equal(paths.find(path), 'unknown', path)
})

t.test('all others are none of it', async (t) => {
  const paths = new TokenPaths('/auth', 'https://a.test')
  for (const path of [
    '/',
    '/aut',
    '/authx/token',
    '/a/auth/token',
    '/.well-known',
    '/.well-known/acme-challenge/a',
    '/a%20b',
    '/a;b/c',
    '/auth/../token',
    '/auth/%',
  ])
    t.equal(paths.find(path), undefined, path)
})
