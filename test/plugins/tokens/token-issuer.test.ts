import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import { basic, folder, issued, SECRET, settingsIn, started, told } from './support.ts'

const CLIENT = basic('batch', encodeURIComponent(SECRET))

t.test('a client gets a token for itself (RFC 6749 §4.4), which its key set verifies', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const reply = await bench.form('token', { grant_type: 'client_credentials' }, { authorization: CLIENT })
  t.match(reply.headers, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Pragma: 'no-cache' })
  const { access, body, claims } = issued(reply)
  t.strictSame(Object.keys(body), ['access_token', 'token_type', 'expires_in', 'scope'], 'and no refresh token')
  t.match(body, { token_type: 'Bearer', expires_in: 900, scope: 'orders:read stock:read' })
  const { body: jwks } = await bench.send('jwks')
  const { payload, protectedHeader } = await jwtVerify(access, createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet), {
    issuer: 'https://gateway.test',
    audience: 'https://gateway.test',
    typ: 'at+jwt',
    currentDate: new Date(bench.clock.wall()),
  })
  t.match(payload, { sub: 'batch', client_id: 'batch', scope: 'orders:read stock:read', roles: ['robot'] })
  t.equal(payload.nbf, bench.clock.wall() / 1000)
  t.equal(payload.exp, bench.clock.wall() / 1000 + 900)
  t.equal(protectedHeader.alg, 'ES256')
  t.notOk('sid' in claims)
  t.notMatch(jwks, /"d"/)
  t.equal(bench.meter.value('weir_tokens_issued_total', { grant: 'client_credentials' }), 1)
  t.match(bench.audit, [{ audit: 'issued', grant: 'client_credentials', subject: 'batch', address: '192.0.2.1' }])
})

t.test('client credentials in every way that is allowed', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const grant_type = 'client_credentials'
  const inBody = { grant_type, client_id: 'batch', client_secret: SECRET }
  const json = {
    contentType: 'application/json; charset=utf-8',
    body: Buffer.from(JSON.stringify({ ...inBody, scope: 'stock:read' })),
  }
  t.equal(told(await bench.form('token', inBody)), '200')
  t.match(issued(await bench.send('token', json)).claims, { scope: 'stock:read' })
  t.equal(
    told(await bench.form('token', { grant_type }, { authorization: basic('batch', SECRET) })),
    '200',
    'not encoded',
  )
  const refused: [string, Record<string, string>, string | undefined][] = [
    ['401 invalid_client', { grant_type }, undefined],
    ['401 invalid_client', { grant_type }, basic('batch', 'wrong')],
    ['401 invalid_client', { grant_type }, basic('other', SECRET)],
    ['401 invalid_client', { grant_type, client_id: 'batch' }, undefined],
    ['400 invalid_request', { grant_type, client_secret: SECRET }, undefined],
    ['400 invalid_request', inBody, CLIENT],
    ['400 invalid_request', { grant_type, client_id: 'other' }, CLIENT],
    ['400 invalid_request', { grant_type, username: 'ann', password: 'x' }, CLIENT],
    ['400 invalid_request', {}, undefined],
    ['400 unsupported_grant_type', { grant_type: 'authorization_code' }, CLIENT],
    ['400 unsupported_grant_type', { grant_type: 'basic' }, CLIENT],
    ['400 invalid_scope', { grant_type, scope: 'orders:write' }, CLIENT],
    ['400 invalid_scope', { grant_type, scope: 'a"b' }, CLIENT],
    ['400 invalid_request', { grant_type }, 'Digest abc'],
    ['400 invalid_request', { grant_type }, 'Bearer abc'],
  ]
  for (const [expected, fields, authorization] of refused)
    t.equal(told(await bench.form('token', fields, { authorization })), expected, JSON.stringify(fields))
  const { headers } = await bench.form('token', { grant_type }, { authorization: basic('batch', 'wrong') })
  t.match(headers['WWW-Authenticate'], /^Basic realm=/)
  t.ok((bench.meter.value('weir_tokens_refused_total', { reason: 'invalid_client' }) ?? 0) > 3)
})

t.test('a user gets tokens with a password, or with Basic credentials alone', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const { claims, refresh } = await bench.login()
  t.match(claims, { sub: 'ann', roles: ['clerk'], scope: 'orders:read orders:write', sid: /^[\w-]{22}$/ })
  t.match(refresh, /^wr1_[\w-]{22}\.0\.[\w-]{43}$/)
  t.notMatch(refresh, String(claims.sid), 'what access tokens show is no part of a refresh token')
  const alone = issued(await bench.send('token', { authorization: basic('ann', 'correct horse') }))
  t.match(alone.claims, { sub: 'ann' })
  t.match(
    issued(await bench.form('token', { scope: 'orders:read' }, { authorization: basic('ann', 'correct horse') }))
      .claims,
    {
      scope: 'orders:read',
    },
  )
  const throughClient = issued(
    await bench.form(
      'token',
      { grant_type: 'password', username: 'ann', password: 'correct horse' },
      { authorization: CLIENT },
    ),
  )
  t.match(throughClient.claims, { sub: 'ann', client_id: 'batch', scope: 'orders:read' }, 'scopes that both have')
  t.equal(bench.meter.value('weir_token_sessions'), 4)
  for (const [username, password] of [
    ['ann', 'wrong'],
    ['eve', 'correct horse'],
  ] as const)
    t.equal(told(await bench.form('token', { grant_type: 'password', username, password })), '400 invalid_grant')
  const lines = JSON.stringify(bench.log.lines)
  t.notMatch(lines, /"eve"|wrong|correct horse|wr1_/, 'no secrets, and no names of others')
  t.match(bench.audit.at(-1), { audit: 'refused', reason: 'invalid_grant', subject: /^unknown:/ })
  t.match(bench.audit.at(-2), { subject: 'ann' })
})

t.test('who guesses is stopped: per account, address, and at once', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const guess = (address: string) =>
    bench.form('token', { grant_type: 'password', username: 'ann', password: 'wrong' }, { address })
  for (let i = 0; i < 10; i++) t.equal(told(await guess('192.0.2.9')), '400 invalid_grant')
  const stopped = await guess('192.0.2.9')
  t.equal(told(stopped), '429 temporarily_unavailable')
  t.equal(stopped.headers['Retry-After'], '60')
  t.equal(told(await guess('192.0.2.10')), '400 invalid_grant', 'nobody locks others out')
  const many = await Promise.all(Array.from({ length: 6 }, () => guess('192.0.2.11')))
  t.equal(many.filter(({ status }) => status === 503).length, 2, 'four of an address wait at most')
  const secret = () => bench.form('token', { grant_type: 'client_credentials', client_id: 'batch', client_secret: 'x' })
  for (let i = 0; i < 10; i++) await secret()
  t.equal(told(await secret()), '429 temporarily_unavailable', 'clients too')
  bench.clock.advance(60_001)
  t.equal(told(await secret()), '401 invalid_client')
})

t.test('bad input is refused, and says so', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  t.equal(told(await bench.send('token', { method: 'GET' })), '405 invalid_request')
  t.equal((await bench.send('user', { method: 'POST' })).headers.Allow, 'GET, HEAD')
  t.equal(
    told(await bench.form('token', { grant_type: 'client_credentials' }, { authorization: CLIENT, query: true })),
    '400 invalid_request',
  )
  t.equal(told(await bench.form('token', {}, { contentType: 'text/plain' })), '400 invalid_request')
  const form = (body: string, contentType = 'application/x-www-form-urlencoded') =>
    bench.send('token', { contentType, body: Buffer.from(body), authorization: CLIENT })
  t.equal(told(await form('grant_type=client_credentials&grant_type=password')), '400 invalid_request')
  t.equal(
    told(await form('{"grant_type":"client_credentials","grant_type":"password"}', 'application/json')),
    '400 invalid_request',
  )
  t.equal(told(await form('grant_type=client_credentials', 'text/plain')), '415 invalid_request')
  t.equal(told(await form(`a=${'x'.repeat(17_000)}`)), '413 invalid_request')
  t.equal(told(await form('grant_type=client_credentials&unknown=1')), '200', 'unknown parameters are ignored')
})

t.test('validation (RFC 7662): clients, and a token about itself', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const { access, refresh } = await bench.login()
  const body = async (token: string) =>
    JSON.parse((await bench.form('validate', { token }, { authorization: CLIENT })).body) as object
  t.match(await body(access), { active: true, sub: 'ann', scope: 'orders:read orders:write', token_type: 'Bearer' })
  t.strictSame(await body(refresh), { active: false }, "another's refresh token")
  t.strictSame(await body('none'), { active: false })
  t.equal(told(await bench.form('validate', { token: access })), '401 invalid_client')
  const own = { authorization: `Bearer ${access}` }
  t.match(JSON.parse((await bench.send('validate', own)).body), { active: true, sub: 'ann' })
  t.equal(told(await bench.form('validate', { token: 'another' }, own)), '400 invalid_request')
  t.match(JSON.parse((await bench.send('user', own)).body), { sub: 'ann', roles: ['clerk'] })
  const missing = await bench.send('user')
  t.equal(missing.status, 401)
  t.equal(missing.headers['WWW-Authenticate'], 'Bearer realm="tokens"')
  bench.clock.advance(900_001)
  t.strictSame(await body(access), { active: false }, 'over')
  t.match((await bench.send('user', own)).headers['WWW-Authenticate'], /error="invalid_token"/)
})

t.test('revocation (RFC 7009): an access token, or a session with all of them', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const [one, other] = [await bench.login(), await bench.login()]
  const revoke = (token: string) => bench.form('revoke', { token })
  const reply = await revoke(one.access)
  t.same([reply.status, reply.body], [200, ''])
  t.ok(bench.known.isRevoked(one.claims.jti, undefined), 'every process knows before the reply')
  t.equal((await bench.send('user', { authorization: `Bearer ${one.access}` })).status, 401)
  t.equal((await bench.refresh(one.refresh)).status, 200, 'its session goes on')
  t.equal((await revoke(other.refresh)).status, 200)
  t.ok(bench.known.isRevoked(undefined, other.claims.sid))
  t.equal((await bench.send('user', { authorization: `Bearer ${other.access}` })).status, 401)
  t.equal(told(await bench.refresh(other.refresh)), '400 invalid_grant')
  t.equal((await revoke('nothing of ours')).status, 200)
  t.equal(told(await bench.form('revoke', {})), '400 invalid_request')
  t.equal(
    told(await bench.form('revoke', { token: 'x' }, { authorization: basic('batch', 'no') })),
    '401 invalid_client',
  )
  t.equal(bench.audit.filter(({ audit }) => audit === 'revoked').length, 2)
})

t.test('a revocation that not every process has confirmed is not confirmed either, but holds', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const { access, refresh } = await bench.login()
  bench.telling = () => Promise.reject(new Error('no worker'))
  for (const token of [access, refresh]) {
    const reply = await bench.form('revoke', { token })
    t.equal(told(reply), '503 temporarily_unavailable')
    t.equal(reply.headers['Retry-After'], '1')
  }
  t.equal((await bench.send('user', { authorization: `Bearer ${access}` })).status, 401)
  const before = bench.news.length
  bench.telling = async () => {}
  for (const token of [refresh]) t.equal((await bench.form('revoke', { token })).status, 200)
  t.equal(bench.news.length, before + 1, 'and it is told again')
})

t.test('metadata says what there is (RFC 8414)', async (t) => {
  const dir = await folder(t)
  const bench = await started(t, await settingsIn(dir))
  const reply = await bench.send('metadata')
  t.equal(reply.headers['Cache-Control'], 'public, max-age=60')
  t.match(JSON.parse(reply.body), {
    issuer: 'https://gateway.test',
    token_endpoint: 'https://gateway.test/auth/token',
    jwks_uri: 'https://gateway.test/auth/jwks.json',
    response_types_supported: [],
    grant_types_supported: ['client_credentials', 'password', 'refresh_token'],
  })
  const hs = await started(t, await settingsIn(await folder(t), { algorithm: 'HS256', usersFile: undefined }))
  t.notOk('jwks_uri' in (JSON.parse((await hs.send('metadata')).body) as object))
  t.strictSame(JSON.parse((await hs.send('jwks')).body), { keys: [] }, 'a secret is never published')
  t.equal(
    told(await hs.form('token', { grant_type: 'password', username: 'a', password: 'b' })),
    '400 unsupported_grant_type',
  )
  t.ok(bench.known.trust?.keys[0]?.kid)
  t.equal(hs.known.trust?.keys[0]?.kty, 'oct')
})

t.test('files that can not be used: start rejects and names them', async (t) => {
  const dir = await folder(t)
  const settings = await settingsIn(dir)
  await writeFile(settings.usersFile!, '- { name: batch, password: x }', { mode: 0o600 })
  await t.rejects(started(t, settings), /users\.yaml:1/)
  await writeFile(settings.stateFile, 'something else', { mode: 0o600 })
  await t.rejects(started(t, await settingsIn(dir)), /tokens\.state.*left as it is/)
  await t.rejects(started(t, await settingsIn(dir, { stateFile: join(dir, 'none', 'x') })), /none\/x/)
})
