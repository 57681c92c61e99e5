import type { KeyObject } from 'node:crypto'
import t from 'tap'
import { AUTHENTICATION } from '../../../core/api/endpoint.ts'
import type { LocalReply } from '../../../core/api/reply.ts'
import { TOKEN_ALGORITHMS } from '../../../core/index.ts'
import { exchange, FilterBench } from '../../../core/testing.ts'
import { auth } from '../../../filters/auth/filter.ts'
import { AUDIENCE, benchOf, OWN, ownKey, ownToken, trustOf } from './own-tokens.ts'
import { NOW, OTHER_SECRET, pass, request, SECRET, token } from './support.ts'

const required = { required: true }

t.before(() => {
  delete process.env.WEIR_JWT_SECRET
  delete process.env.JWT_SECRET
})

t.test('a token of the gateway counts without a further option', async (t) => {
  const key = ownKey('k1')
  const made = await benchOf(key).bench.make(auth, required)
  t.strictSame(made.warnings, [])
  const x = request(await ownToken(key, { roles: ['clerk'], scope: 'orders:read orders:write' }))
  t.equal(await pass(x, made), undefined)
  t.match(x.identity, { subject: 'ann', scheme: 'bearer', roles: ['clerk'], scopes: ['orders:read', 'orders:write'] })
  t.equal(x.unmet([AUTHENTICATION]), undefined)
})

t.test('every algorithm', async (t) => {
  for (const alg of TOKEN_ALGORITHMS) {
    const key = ownKey('k1', alg)
    const made = await benchOf(key).bench.make(auth, required)
    t.equal(await pass(request(await ownToken(key)), made), undefined, alg)
    t.equal(await pass(request(await ownToken(ownKey('k1', alg))), made), '401 token_invalid', `${alg}, forged`)
  }
})

t.test('each key verifies with its own algorithm alone', async (t) => {
  const [rs, es, hs] = [ownKey('rs', 'RS256'), ownKey('es', 'ES256'), ownKey('hs', 'HS256')]
  const made = await benchOf(rs, es, hs).bench.make(auth, required)
  for (const key of [rs, es, hs]) t.equal(await pass(request(await ownToken(key)), made), undefined, key.kid)
  const others = [
    await ownToken({ ...rs, alg: 'RS512' }),
    await ownToken({ ...rs, alg: 'PS256' }),
    await ownToken({ ...hs, alg: 'HS512' }),
    await ownToken({ ...rs, kid: 'es' }),
    // RFC 8725 §2.1: what is public as a secret.
    await ownToken({ ...es, alg: 'HS256', signs: Buffer.from(JSON.stringify(es.jwk)) }),
    await ownToken({ ...es, kid: 'hs', alg: 'HS256', signs: Buffer.from(String(es.jwk.x), 'base64url') }),
  ]
  for (const [i, bearer] of others.entries()) t.equal(await pass(request(bearer), made), '401 token_invalid', `${i}`)
})

t.test('what is refused, and why', async (t) => {
  const key = ownKey('k1')
  const made = await benchOf(key).bench.make(auth, required)
  const cases: Record<string, [token: string, verdict: string]> = {
    'another audience': [await ownToken(key, { aud: OWN }), '401 token_invalid'],
    'another issuer': [await ownToken(key, { iss: `${OWN}/` }), '401 token_invalid'],
    'no issuer': [await ownToken(key, { iss: undefined }), '401 token_invalid'],
    'another use (RFC 9068 §4)': [await ownToken(key, {}, { typ: 'JWT' }), '401 token_invalid'],
    'no use': [await ownToken(key, {}, { typ: undefined }), '401 token_invalid'],
    'no name of a key': [await ownToken(key, {}, { kid: undefined }), '401 token_invalid'],
    'the name of none': [await ownToken(key, {}, { kid: 'k2' }), '401 token_invalid'],
    'no subject': [await ownToken(key, { sub: undefined }), '401 token_invalid'],
    'no id': [await ownToken(key, { jti: undefined }), '401 token_invalid'],
    'no end': [await ownToken(key, { exp: undefined }), '401 token_invalid'],
    'no begin': [await ownToken(key, { iat: undefined }), '401 token_invalid'],
    expired: [await ownToken(key, { exp: NOW - 6 }), '401 token_expired'],
    'not yet valid': [await ownToken(key, { nbf: NOW + 60 }), '401 token_invalid'],
  }
  for (const [what, [bearer, verdict]] of Object.entries(cases)) {
    const x = request(bearer)
    t.equal(await pass(x, made), verdict, what)
    t.equal(x.identity, undefined, what)
  }
})

t.test('revoked by its id or its session, at every use', async (t) => {
  const key = ownKey('k1')
  for (const cache_size of [0, 1000, 5000])
    for (const id of ['j1', 's1']) {
      const { bench, tokens } = benchOf(key)
      const made = await bench.make(auth, { ...required, cache_size })
      const bearer = await ownToken(key, { sid: 's1' })
      const other = await ownToken(key, { jti: 'j2', sid: 's2' })
      t.equal(await pass(request(bearer), made), undefined)
      tokens.learn({ revoked: [[id, (NOW + 1500) * 1000]] }, NOW * 1000)
      for (const time of ['first', 'second'])
        t.equal(await pass(request(bearer), made), '401 token_revoked', `${cache_size} ${id} ${time}`)
      t.equal(await pass(request(other), made), undefined)
    }
})

t.test('revoked among those that are kept in little room', async (t) => {
  const key = ownKey('k1', 'HS256')
  const { bench, tokens } = benchOf(key)
  const { filter } = await bench.make(auth, { ...required, cache_size: 5000 })
  const bearer = await ownToken(key)
  await filter.request!(request(bearer))
  // They push it out of the 1,024 that are kept whole.
  for (let i = 0; i < 1100; i++) await filter.request!(request(await ownToken(key, { jti: `other ${i}` })))
  tokens.learn({ revoked: [['j1', (NOW + 1500) * 1000]] }, NOW * 1000)
  const x = request(bearer)
  t.equal(filter.request!(x), undefined, 'no promise: it is known')
  t.equal(x.identity, undefined)
})

t.test('revoked while its signature is verified', async (t) => {
  const key = ownKey('k1')
  const { bench, tokens } = benchOf(key)
  const made = await bench.make(auth, required)
  const x = request(await ownToken(key))
  const proving = made.filter.request!(x)
  tokens.learn({ revoked: [['j1', (NOW + 1500) * 1000]] }, NOW * 1000)
  await proving
  t.equal(x.identity, undefined)
})

t.test('the response to a revoked token is that to an invalid one', async (t) => {
  const key = ownKey('k1')
  const { bench, tokens } = benchOf(key)
  const { filter } = await bench.make(auth, required)
  tokens.learn({ revoked: [['j1', (NOW + 1500) * 1000]] }, NOW * 1000)
  const x = request(await ownToken(key))
  await filter.request!(x)
  const { status, options } = (await filter.routed!(x)) as LocalReply
  t.equal(status, 401)
  t.match(options.headers, { 'WWW-Authenticate': /^Bearer realm="weir", error="invalid_token", error_description="/ })
})

t.test('keys change without a reload', async (t) => {
  const [first, second] = [ownKey('k1'), ownKey('k2', 'RS256')]
  const { bench, tokens } = benchOf(first)
  const made = await bench.make(auth, required)
  const [old, young] = [await ownToken(first), await ownToken(second, { jti: 'j2' })]
  t.equal(await pass(request(old), made), undefined)
  t.equal(await pass(request(young), made), '401 token_invalid')
  tokens.learn({ trust: trustOf(first, second) }, 0)
  t.equal(made.filter.request!(request(old)), undefined, 'no promise: what was proved still counts')
  t.equal(await pass(request(old), made), undefined)
  t.equal(await pass(request(young), made), undefined)
  tokens.learn({ trust: trustOf(second) }, 0)
  t.equal(await pass(request(old), made), '401 token_invalid', 'what a removed key has proved ends')
  t.equal(await pass(request(young), made), undefined)
  tokens.learn({ trust: null }, 0)
  t.equal(await pass(request(young), made), '503 auth_key_missing')
})

t.test('a new key under the name of an old one', async (t) => {
  const [first, second] = [ownKey('k1'), ownKey('k1')]
  const { bench, tokens } = benchOf(first)
  const made = await bench.make(auth, required)
  const bearer = await ownToken(first)
  t.equal(await pass(request(bearer), made), undefined)
  tokens.learn({ trust: trustOf(second) }, 0)
  t.equal(await pass(request(bearer), made), '401 token_invalid')
  t.equal(await pass(request(await ownToken(second)), made), undefined)
})

t.test('a key that is replaced under its name while a token of the new one is verified', async (t) => {
  const [first, second] = [ownKey('k1'), ownKey('k1')]
  const { bench, tokens } = benchOf(first)
  const made = await bench.make(auth, required)
  const verdict = pass(request(await ownToken(second)), made)
  tokens.learn({ trust: trustOf(second) }, 0)
  t.equal(await verdict, undefined)
})

t.test('another issuer or audience ends what was proved', async (t) => {
  const key = ownKey('k1')
  for (const change of [{ issuer: 'https://other.example' }, { audience: 'other' }]) {
    const { bench, tokens } = benchOf(key)
    const made = await bench.make(auth, required)
    const bearer = await ownToken(key)
    t.equal(await pass(request(bearer), made), undefined)
    tokens.learn({ trust: { ...trustOf(key), ...change } }, 0)
    t.equal(await pass(request(bearer), made), '401 token_invalid')
  }
})

t.test('no token is refused while keys change under load', async (t) => {
  const { bench, tokens } = benchOf(ownKey('k0'))
  const made = await bench.make(auth, { ...required, cache_size: 10 })
  let keys = [ownKey('k0')]
  tokens.learn({ trust: trustOf(...keys) }, 0)
  const refused: unknown[] = []
  let n = 0
  for (let round = 0; round < 20; round++) {
    const signer = keys.at(-1)!
    const bearers = await Promise.all(Array.from({ length: 10 }, () => ownToken(signer, { jti: `t${n++}` })))
    const under = bearers.map(async (bearer) => refused.push(await pass(request(bearer), made)))
    keys = [...keys.slice(-2), ownKey(`k${round + 1}`)]
    tokens.learn({ trust: trustOf(...keys) }, 0)
    await Promise.all(under)
  }
  t.strictSame([...new Set(refused)], [undefined])
  t.equal(refused.length, 200)
})

t.test('keys that can not verify count for nothing, and hurt nothing', async (t) => {
  const key = ownKey('k1')
  const { bench, tokens } = benchOf(key)
  const made = await bench.make(auth, required)
  const broken = [
    { kty: 'oct', k: 'c2hvcnQ', kid: 'a', alg: 'HS256' },
    { kty: 'oct', kid: 'b', alg: 'HS256' },
    { kty: 'EC', kid: 'c', alg: 'ES256' },
    { ...key.jwk, kid: undefined },
    { ...key.jwk, kid: 'd', alg: undefined },
    { ...key.jwk, kid: 'e', alg: 'RS256' },
    { ...(key.signs as KeyObject).export({ format: 'jwk' }), kid: 'f', alg: 'ES256' },
  ]
  tokens.learn({ trust: { ...trustOf(key), keys: [...broken, key.jwk] } }, 0)
  t.equal(await pass(request(await ownToken(key)), made), undefined)
  for (const kid of ['d', 'e', 'f'])
    t.equal(await pass(request(await ownToken({ ...key, kid })), made), '401 token_invalid')
  tokens.learn({ trust: { ...trustOf(key), keys: [] } }, 0)
  t.equal(await pass(request(await ownToken(key)), made), '503 issuer_unavailable', 'issued, but no key is known yet')
})

t.test('where they count without own_tokens, and where they need it', async (t) => {
  const key = ownKey('k1')
  const bearer = await ownToken(key)
  const dir = t.testdir({ keys: '[]' })
  const verdict = async (options: Record<string, unknown>): Promise<unknown> =>
    pass(request(bearer), await benchOf(key).bench.make(auth, { ...required, ...options }, { baseDir: dir }))
  for (const options of [{}, { roles: [] }, { token_from: ['header'] }, { cache_size: 0 }])
    t.equal(await verdict(options), undefined, JSON.stringify(options))
  const named = [
    { secret: SECRET },
    { secret: SECRET, issuer: 'https://id.example.com' },
    { issuers: [{ issuer: 'https://id.example.com', secret: SECRET }] },
    { secret: SECRET, audience: 'orders' },
  ]
  for (const options of named) {
    t.equal(await verdict(options), '401 token_invalid', JSON.stringify(options))
    t.equal(await verdict({ ...options, own_tokens: true }), undefined, JSON.stringify(options))
  }
  t.equal(await verdict({ api_keys: { file: 'keys' } }), '401 api_key_missing')
  t.equal(await verdict({ api_keys: { file: 'keys' }, own_tokens: true }), undefined)
  t.equal(await verdict({ own_tokens: false }), '503 auth_key_missing')
  t.equal(await verdict({ audience: 'orders' }), '503 auth_key_missing')
})

t.test('beside other issuers', async (t) => {
  const key = ownKey('k1')
  const { bench } = benchOf(key)
  const any = await bench.make(auth, { ...required, secret: SECRET, own_tokens: true })
  t.equal(await pass(request(await token()), any), undefined)
  t.equal(await pass(request(await token({ iss: 'https://id.example.com' })), any), undefined)
  t.equal(await pass(request(await ownToken(key)), any), undefined)
  t.equal(
    await pass(request(await token({ iss: OWN, aud: AUDIENCE })), any),
    '401 token_invalid',
    'the keys of others do not speak for the gateway',
  )
})

t.test('a proof of one instance says nothing in another that does not accept it', async (t) => {
  const key = ownKey('k1')
  const { bench } = benchOf(key)
  const chain = await bench.make(auth, {})
  const lane = await bench.make(auth, { ...required, own_tokens: false })
  const x = request(await ownToken(key))
  t.equal(await pass(x, chain, lane), '503 auth_key_missing')
  t.equal(x.identity, undefined)
  const same = await bench.make(auth, required)
  t.equal(same.filter.request!(request(await ownToken(key, { jti: 'j9' }))) instanceof Promise, true)
  const bearer = await ownToken(key, { jti: 'j8' })
  await chain.filter.request!(request(bearer))
  t.equal(same.filter.request!(request(bearer)), undefined, 'equal options share what was proved')
})

t.test('a gateway that issues none: as if there were no such thing', async (t) => {
  for (const bench of [benchOf().bench, new FilterBench()]) {
    const made = await bench.make(auth, required)
    t.match(made.warnings, [/^no key/])
    t.equal(await pass(request(await ownToken(ownKey('k1'))), made), '503 auth_key_missing')
    const other = await bench.make(auth, { ...required, secret: SECRET })
    t.strictSame(other.warnings, [])
    t.equal(await pass(request(await token()), other), undefined)
    t.equal(await pass(request(await token({}, 'HS256', Buffer.from(OTHER_SECRET))), other), '401 token_invalid')
  }
  const made = await benchOf().bench.make(auth, { own_tokens: true, secret: SECRET })
  t.match(made.warnings, [/^own_tokens is true, but the gateway issues no tokens/])
})

t.test('what the gateway tells later counts at once', async (t) => {
  const key = ownKey('k1')
  const { bench, tokens } = benchOf()
  const made = await bench.make(auth, required)
  t.equal(await pass(request(await ownToken(key)), made), '503 auth_key_missing')
  tokens.learn({ trust: trustOf(key) }, 0)
  t.equal(await pass(request(await ownToken(key)), made), undefined)
})

t.test('the issuer itself is no entry of its own', async (t) => {
  const { bench } = benchOf(ownKey('k1'))
  const wrong = [
    { issuer: OWN, secret: SECRET },
    { issuer: OWN },
    { issuer: OWN, secret: SECRET, own_tokens: false },
    {
      issuers: [
        { issuer: 'https://id.example.com', secret: SECRET },
        { issuer: OWN, secret: OTHER_SECRET },
      ],
    },
  ]
  for (const options of wrong)
    await t.rejects(bench.make(auth, options), {
      message: /^issuer: "https:\/\/gateway\.example\.com" is this gateway/,
    })
  await t.resolves(bench.make(auth, { issuer: `${OWN}/`, secret: SECRET }))
})

t.test('explain', async (t) => {
  const { bench, tokens } = benchOf(ownKey('k1'))
  const lines = async (options: Record<string, unknown>): Promise<string[]> => [
    ...(await bench.make(auth, options)).filter.explain!(exchange()),
  ]
  t.strictSame(await lines(required), ['demands a token signed with ES256', 'key: tokens of this gateway'])
  tokens.learn({ trust: trustOf(ownKey('k1'), ownKey('k2', 'EdDSA')) }, 0)
  t.equal((await lines(required))[0], 'demands a token signed with ES256 or EdDSA')
  t.strictSame(await lines({ ...required, issuer: 'https://id.example.com', secret: SECRET, own_tokens: true }), [
    'demands a token signed with HS256 or ES256 or EdDSA',
    'key of https://id.example.com: the option secret',
    `key of ${OWN}: tokens of this gateway`,
  ])
  t.strictSame(await lines({ ...required, secret: SECRET }), [
    'demands a token signed with HS256',
    'key: the option secret',
  ])
})
