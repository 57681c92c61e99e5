import { SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { AUTHENTICATION, IdentitySlot } from '../../../core/api/endpoint.ts'
import type { LocalReply } from '../../../core/api/reply.ts'
import { exchange, FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { ec, ecPem, NOW, OTHER_SECRET, pass, request, rsa, rsaPem, SECRET, token } from './support.ts'

const required = { secret: SECRET, required: true }

async function ask(options: Record<string, unknown>, bearer: string | undefined) {
  const made = await new FilterBench().make(auth, options)
  const x = request(bearer)
  return { x, verdict: await pass(x, made) }
}

t.test('a valid token', async (t) => {
  const { x, verdict } = await ask(required, await token({ roles: ['a'], scope: 'read write' }))
  t.equal(verdict, undefined)
  t.match(x.identity, { subject: 'ann', scheme: 'bearer', roles: ['a'], scopes: ['read', 'write'] })
  t.equal(x.unmet([AUTHENTICATION]), undefined)
  t.throws(() => {
    ;(x.identity!.claims as { sub: string }).sub = 'eve'
  }, 'nobody can change an identity that others share')
})

t.test('a subject that is no text is none', async (t) => {
  const { x, verdict } = await ask(required, await token({ sub: 7 as never }))
  t.equal(verdict, undefined)
  t.match(x.identity, { subject: undefined, scheme: 'bearer' })
})

t.test('every algorithm, PEM and JWK', async (t) => {
  const jwk = JSON.stringify(ec.publicKey.export({ format: 'jwk' }))
  const rs = { algorithm: 'RS256', public_key: rsaPem, required: true }
  t.equal((await ask(rs, await token({}, 'RS256', rsa.privateKey))).verdict, undefined)
  const es = await token({}, 'ES256', ec.privateKey)
  t.equal((await ask({ algorithm: 'ES256', public_key: ecPem, required: true }, es)).verdict, undefined)
  t.equal((await ask({ algorithm: 'ES256', public_key: jwk, required: true }, es)).verdict, undefined)
  t.equal((await ask(rs, es)).verdict, '401 token_invalid')
})

t.test('what is refused, and why', async (t) => {
  const good = await token()
  const [head, body, signature] = good.split('.') as [string, string, string]
  const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const cases: Record<string, [token: string | undefined, verdict: string]> = {
    missing: [undefined, '401 token_missing'],
    'alg none': [new UnsecuredJWT({ sub: 'ann', exp: NOW + 60 }).encode(), '401 token_invalid'],
    'alg none with the old signature': [`${json({ alg: 'none' })}.${body}.${signature}`, '401 token_invalid'],
    'alg HS512': [await token({}, 'HS512', Buffer.from(SECRET.repeat(2))), '401 token_invalid'],
    'another secret': [await token({}, 'HS256', Buffer.from(OTHER_SECRET)), '401 token_invalid'],
    'another body': [`${head}.${json({ sub: 'eve' })}.${signature}`, '401 token_invalid'],
    'no signature': [`${head}.${body}.`, '401 token_invalid'],
    'not a token': ['abc', '401 token_invalid'],
    'not JSON': [`${Buffer.from('{').toString('base64url')}.${body}.${signature}`, '401 token_invalid'],
    expired: [await token({ exp: NOW - 6 }), '401 token_expired'],
    'not yet valid': [await token({ nbf: NOW + 60 }), '401 token_invalid'],
    'exp is no number': [await token({ exp: '2030' }), '401 token_invalid'],
    empty: ['', '400 credentials_malformed'],
    'hostile bytes': ['a"b\\c', '400 credentials_malformed'],
    'two words': ['a b', '400 credentials_malformed'],
    'longer than 8 KiB': ['a'.repeat(8193), '401 token_invalid'],
  }
  for (const [what, [bearer, verdict]] of Object.entries(cases)) {
    const result = await ask(required, bearer)
    t.equal(result.verdict, verdict, what)
    t.equal(result.x.identity, undefined, what)
    t.equal(result.x.unmet([AUTHENTICATION]), AUTHENTICATION, what)
    t.equal((await ask({ secret: SECRET }, bearer)).verdict, undefined, `${what}: ignored when not required`)
  }
})

t.test('a public key is no secret (RFC 8725 §2.1)', async (t) => {
  const forged = await token({}, 'HS256', Buffer.from(rsaPem))
  const options = { algorithm: 'RS256', public_key: rsaPem, required: true }
  t.equal((await ask(options, forged)).verdict, '401 token_invalid')
})

t.test('clock tolerance, issuer, audience, no exp', async (t) => {
  const verdict = async (options: Record<string, unknown>, claims: object) =>
    (await ask({ ...required, ...options }, await token(claims))).verdict
  t.equal(await verdict({}, { exp: NOW - 4, nbf: NOW + 4 }), undefined)
  t.equal(await verdict({ clock_tolerance: 0 }, { exp: NOW }), '401 token_expired')
  t.equal(await verdict({}, { exp: undefined }), undefined)
  t.equal(await verdict({ issuer: 'me' }, { iss: 'me' }), undefined)
  t.equal(await verdict({ issuer: 'me' }, { iss: 'you' }), '401 token_invalid')
  t.equal(await verdict({ issuer: 'me' }, {}), '401 token_invalid')
  t.equal(await verdict({ audience: 'a' }, { aud: ['b', 'a'] }), undefined)
  t.equal(await verdict({ audience: ['a', 'c'] }, { aud: 'c' }), undefined)
  t.equal(await verdict({ audience: ['a', 'c'] }, { aud: 'd' }), '401 token_invalid')
})

t.test('exp that is demanded, iat of the future', async (t) => {
  const verdict = async (options: Record<string, unknown>, claims: object) =>
    (await ask({ ...required, ...options }, await token(claims))).verdict
  t.equal(await verdict({ require_exp: true }, { exp: undefined }), '401 token_invalid')
  t.equal(await verdict({ require_exp: true }, {}), undefined)
  t.equal(await verdict({}, { iat: NOW + 5 }), undefined, 'within the tolerance')
  t.equal(await verdict({}, { iat: NOW + 6 }), '401 token_invalid')
  t.equal(await verdict({ clock_tolerance: 0 }, { iat: NOW + 1 }), '401 token_invalid')
  t.equal(await verdict({ clock_tolerance: '1m' }, { iat: NOW + 60 }), undefined)
  t.equal(await verdict({}, { iat: 'yesterday' }), '401 token_invalid')
})

t.test('a token for another use counts for nothing (RFC 8725 §3.11)', async (t) => {
  const typed = (typ?: string): Promise<string> =>
    new SignJWT({ sub: 'ann' }).setProtectedHeader({ alg: 'HS256', ...(typ && { typ }) }).sign(Buffer.from(SECRET))
  const options = { ...required, token_type: 'at+jwt' }
  // RFC 7515 §4.1.9: a media type, in any case, whose `application/` may be left out.
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
    t.equal((await ask(options, await typed(typ))).verdict, undefined, typ)
  for (const typ of ['JWT', 'dpop+jwt', undefined])
    t.equal((await ask(options, await typed(typ))).verdict, '401 token_invalid', typ ?? 'none')
  t.equal((await ask(required, await typed('dpop+jwt'))).verdict, undefined, 'any, unless said otherwise')
})

t.test('a token of 8,192 bytes is the longest', async (t) => {
  const ofLength = async (length: number): Promise<string> => {
    const bare = (await token({ pad: '' })).length
    // Three bytes of claims are four characters, so one claim alone does not reach every length.
    for (let pad = Math.floor(((length - bare) * 3) / 4) - 4; ; pad++) {
      const made = await token({ pad: 'x'.repeat(pad) })
      if (made.length >= length) return made
    }
  }
  const longest = await ofLength(8192)
  const tooLong = await ofLength(8193)
  t.equal(longest.length, 8192)
  t.equal(tooLong.length, 8193)
  t.equal((await ask(required, longest)).verdict, undefined)
  t.equal((await ask(required, tooLong)).verdict, '401 token_invalid')
})

t.test('an identity of another filter is left alone', async (t) => {
  const theirs = { subject: 'key', scheme: 'api-key', roles: [], scopes: [], claims: {} }
  const bench = new FilterBench()
  const chain = await bench.make(auth, { secret: SECRET })
  const other = await bench.make(auth, { secret: OTHER_SECRET })
  for (const [what, bearer] of [
    ['no token', undefined],
    ['one that only the other instance refuses', await token()],
    ['one that is refused', 'abc'],
  ] as const) {
    const x = request(bearer)
    await chain.filter.request!(x)
    x.set(IdentitySlot, theirs)
    await other.filter.routed!(x)
    t.equal(x.identity, theirs, what)
  }
})

t.test('the header field', async (t) => {
  const made = await new FilterBench().make(auth, required)
  const good = await token()
  const cases: [value: string | string[], verdict: unknown][] = [
    [`bearer ${good}`, undefined],
    [`BEARER   ${good}`, undefined],
    [`Basic ${good}`, '401 token_missing'],
    [`Bearerx ${good}`, '401 token_missing'],
    ['Bear', '401 token_missing'],
    ['Bearer', '400 credentials_malformed'],
    [[`Bearer ${good}`, `Bearer ${good}`], '400 credentials_malformed'],
    [['Basic eA==', `Bearer ${good}`], '400 credentials_malformed'],
  ]
  const others = { Accept: `Bearer ${good}`, 'Proxy-Authorization': `Bearer ${good}` }
  t.equal(await pass(exchange({ headers: others }), made), '401 token_missing', 'other fields say nothing')
  for (const [value, verdict] of cases)
    t.equal(
      await pass(exchange({ headers: { Accept: '*/*', authorization: value } }), made),
      verdict,
      String(value).slice(0, 20),
    )
})

t.test('roles: any; scopes: all', async (t) => {
  const verdict = async (options: Record<string, unknown>, claims: object) =>
    (await ask({ secret: SECRET, ...options }, await token(claims))).verdict
  t.equal(await verdict({ roles: ['a', 'b'] }, { roles: ['b'] }), undefined)
  t.equal(await verdict({ roles: ['a', 'b'] }, { roles: ['c'] }), '403 role_missing')
  t.equal(await verdict({ roles: ['a'] }, { roles: 'a' }), undefined)
  t.equal(await verdict({ roles: ['a'] }, { roles: [{ a: 1 }, 7] }), '403 role_missing')
  t.equal(await verdict({ roles: ['a'] }, { roles: 'a b' }), '403 role_missing', 'a role may have blanks')
  t.equal(await verdict({ roles: ['a b'] }, { roles: 'a b' }), undefined)
  t.equal(await verdict({ scopes: ['r', 'w'] }, { scope: 'w x r' }), undefined)
  t.equal(await verdict({ scopes: ['r', 'w'] }, { scp: ['r', 'w'] }), undefined)
  t.equal(await verdict({ scopes: ['r', 'w'] }, { scope: 'r' }), '403 scope_missing')
  t.equal(await verdict({ scopes: ['r'] }, {}), '403 scope_missing')
  const nested = { roles: ['a'], roles_claim: 'realm_access.roles' }
  t.equal(await verdict(nested, { realm_access: { roles: ['a'] } }), undefined)
  t.equal(await verdict(nested, { 'realm_access.roles': ['a'] }), undefined)
  for (const realm_access of ['x', null, ['roles']])
    t.equal(await verdict(nested, { realm_access }), '403 role_missing')
  t.equal(await verdict({ roles: ['Object'], roles_claim: 'constructor.name' }, {}), '403 role_missing')
  t.equal(await verdict({ roles: ['x'], roles_claim: '__proto__.x' }, {}), '403 role_missing')
  t.equal((await ask({ secret: SECRET, roles: ['a'] }, undefined)).verdict, '401 token_missing', 'roles imply required')
})

t.test('challenges (RFC 6750 §3) echo nothing', async (t) => {
  const challenge = async (bearer: string | undefined, options: Record<string, unknown> = {}) => {
    const { filter } = await new FilterBench().make(auth, { ...required, realm: 'shop', ...options })
    const x = request(bearer)
    await filter.request!(x)
    return ((await filter.routed!(x)) as LocalReply).options.headers?.['WWW-Authenticate']
  }
  t.equal(await challenge(undefined), 'Bearer realm="shop"')
  t.equal(
    await challenge('abc'),
    'Bearer realm="shop", error="invalid_token", error_description="The token is not valid here"',
  )
  t.match(await challenge(await token({ exp: 1 })), /error="invalid_token", error_description="The token has expired"/)
  t.match(await challenge('"evil"'), /^Bearer realm="shop", error="invalid_request", error_description="[A-Za-z ]+"$/)
  t.match(await challenge(await token(), { scopes: ['a:r', 'b'] }), /error="insufficient_scope", .*, scope="a:r b"$/)
  t.match(await challenge(await token(), { roles: ['a'] }), /error="insufficient_scope", error_description="[^"]+"$/)
})

t.test('a missing key is no challenge: the client can do nothing about it', async (t) => {
  const { filter } = await new FilterBench().make(auth, { algorithm: 'RS256', required: true })
  const { status, options } = (await filter.routed!(request(undefined))) as LocalReply
  t.equal(status, 503)
  t.strictSame(Object.keys(options.headers ?? {}), ['Retry-After'])
})

t.test('what the endpoint requires is enforced without the option', async (t) => {
  const made = await new FilterBench().make(auth, { secret: SECRET })
  const at = { requires: [AUTHENTICATION] }
  t.equal(await pass(request(undefined, at), made), '401 token_missing')
  const known = request(await token(), at)
  t.equal(await pass(known, made), undefined)
  t.equal(known.unmet([]), undefined)
  const other = request(undefined, at)
  other.set(IdentitySlot, { subject: 'key', scheme: 'api-key', roles: [], scopes: [], claims: {} })
  t.equal(await pass(other, made), undefined, 'another filter knows who calls')
  t.equal(other.identity?.subject, 'key')
})

t.test('no key: every request that must be authenticated is refused', async (t) => {
  delete process.env.WEIR_JWT_SECRET
  delete process.env.JWT_SECRET
  const made = await new FilterBench().make(auth, { required: true })
  t.match(made.warnings, [/^no key/])
  t.equal(await pass(request(undefined), made), '503 auth_key_missing')
  t.equal(await pass(request(await token()), made), '503 auth_key_missing')
  t.equal(await pass(request(await token()), await new FilterBench().make(auth, {})), undefined)
  // Other files may run in this process.
  t.teardown(() => {
    delete process.env.JWT_SECRET
    delete process.env.WEIR_JWT_SECRET
  })
  process.env.JWT_SECRET = OTHER_SECRET
  process.env.WEIR_JWT_SECRET = SECRET
  t.equal(await pass(request(await token()), await new FilterBench().make(auth, { required: true })), undefined)
  process.env.WEIR_JWT_SECRET = ''
  const other = await token({}, 'HS256', Buffer.from(OTHER_SECRET))
  t.equal(await pass(request(other), await new FilterBench().make(auth, { required: true })), undefined)
})
