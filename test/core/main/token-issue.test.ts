import { createPublicKey } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { TOKEN_ALGORITHMS } from '../../../core/control/tokens.ts'
import { issueOptions, issueToken } from '../../../core/main/token-issue.ts'
import { readKeys } from '../../../plugins/tokens/key-folder.ts'
import type { SigningKey } from '../../../plugins/tokens/signing.ts'
import { ISSUER, NOW, settingsOf, withKeys } from './token-support.ts'

const ANN = { subject: 'ann', roles: ['clerk'], scopes: ['orders:read', 'orders:write'], ttlMs: 3_600_000 }

t.test('a token that another library verifies, with each algorithm', async (t) => {
  for (const algorithm of TOKEN_ALGORITHMS) {
    const { settings, kids } = await withKeys(t.testdir({}), [NOW - 86_400_000], algorithm)
    const { data } = await issueToken(settings, ANN, NOW, () => {})
    const { token } = data as { readonly token: string }
    t.strictSame(decodeProtectedHeader(token), { alg: algorithm, kid: kids[0], typ: 'at+jwt' })
    const [{ jwk }] = (await readKeys(settings.keysDir)) as [SigningKey]
    const key =
      jwk.kty === 'oct'
        ? Buffer.from(String(jwk.k), 'base64url')
        : createPublicKey({ key: jwk as never, format: 'jwk' })
    const options = { currentDate: new Date(NOW), issuer: ISSUER, audience: ISSUER, typ: 'at+jwt' }
    const { payload } = await jwtVerify(token, key, options)
    const iat = NOW / 1000
    t.match(payload, {
      sub: 'ann',
      iat,
      nbf: iat,
      exp: iat + 3600,
      roles: ['clerk'],
      scope: 'orders:read orders:write',
    })
    t.match(payload.jti, /^[\w-]{36}$/)
  }
})

t.test('no roles, no scopes, the lifetime of the gateway', async (t) => {
  const { settings } = await withKeys(t.testdir({}))
  const { data, text } = await issueToken(
    settings,
    { subject: 'ann', roles: [], scopes: [], ttlMs: undefined },
    NOW,
    () => {},
  )
  const { token, expires } = data as { readonly token: string; readonly expires: string }
  t.equal(text, `${token}\n`)
  t.equal(expires, new Date(NOW + 900_000).toISOString())
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
  t.notHas(claims, 'roles')
  t.notHas(claims, 'scope')
  t.equal(claims.exp - claims.iat, 900)
})

t.test('the newest key that everybody knows signs', async (t) => {
  const minute = 60_000
  const signer = async (...ages: readonly number[]): Promise<number> => {
    const { settings, kids } = await withKeys(
      t.testdir({}),
      ages.map((age) => NOW - age),
    )
    const { data } = await issueToken(settings, ANN, NOW, () => {})
    return kids.indexOf((data as { readonly kid: string }).kid)
  }
  t.equal(await signer(0), 0, 'the only one')
  t.equal(await signer(1440 * minute, 6 * minute), 1)
  t.equal(await signer(1440 * minute, 4 * minute), 0, 'the other is too young')
  t.equal(await signer(2 * minute, minute), 0, 'both are: the first')
})

t.test('the audit line says who made what, and holds no token', async (t) => {
  const { settings, kids } = await withKeys(t.testdir({}))
  const lines: string[] = []
  const { data } = await issueToken(settings, ANN, NOW, (line) => lines.push(line))
  t.equal(lines.length, 1)
  const { token, jti } = data as { readonly token: string; readonly jti: string }
  t.match(JSON.parse(lines[0]!), {
    msg: 'token issued by command',
    sub: 'ann',
    roles: ['clerk'],
    scopes: ['orders:read', 'orders:write'],
    expires: new Date(NOW + 3_600_000).toISOString(),
    kid: kids[0],
    jti,
    by: /./,
  })
  t.notOk(lines[0]!.includes(token.split('.')[2]!))
})

t.test('no keys', async (t) => {
  const none = settingsOf(t.testdir({}))
  await t.rejects(issueToken(none, ANN, NOW, t.fail), {
    message: /^there are no keys in .*keys: the gateway makes them/,
  })
  const empty = settingsOf(t.testdir({ keys: {} }))
  await t.rejects(issueToken(empty, ANN, NOW, t.fail), { message: /^there are no keys/ })
})

t.test('options', async (t) => {
  const of = (values: Record<string, string | string[]>) => issueOptions({ positionals: ['issue'], values })
  t.strictSame(of({ sub: 'ann' }), { subject: 'ann', roles: [], scopes: [], ttlMs: undefined })
  t.strictSame(of({ sub: 'ann', scope: ['a b', 'c'], role: ['x y'], ttl: '90' }), {
    subject: 'ann',
    roles: ['x y'],
    scopes: ['a', 'b', 'c'],
    ttlMs: 90_000,
  })
  t.equal(of({ sub: 'ann', ttl: '24h' }).ttlMs, 86_400_000)
  const wrong: [values: Record<string, string | string[]>, message: RegExp][] = [
    [{}, /^--sub is missing/],
    [{ sub: '' }, /^--sub: expected 1 to 256/],
    [{ sub: 'a\nb' }, /^--sub: expected/],
    [{ sub: 'a'.repeat(257) }, /^--sub: expected/],
    [{ sub: 'ann', role: [''] }, /^--role: expected/],
    [{ sub: 'ann', scope: ['a"b'] }, /^--scope: expected a scope/],
    [{ sub: 'ann', scope: [''] }, /^--scope: expected a scope/],
    [{ sub: 'ann', ttl: '25h' }, /^--ttl: expected a duration of 1s to 24h/],
    [{ sub: 'ann', ttl: '0' }, /^--ttl: /],
    [{ sub: 'ann', ttl: '500ms' }, /^--ttl: /],
    [{ sub: 'ann', ttl: 'soon' }, /^--ttl: /],
  ]
  for (const [values, message] of wrong) t.throws(() => of(values), { message }, JSON.stringify(values))
})
