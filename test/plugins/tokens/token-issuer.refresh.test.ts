import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { basic, folder, issued, SECRET, settingsIn, started, told, USERS } from './support.ts'

const CLIENT = { authorization: basic('batch', SECRET) }

t.test('each renewal replaces the token, keeps the session, and takes the roles of now', async (t) => {
  const dir = await folder(t)
  const settings = await settingsIn(dir)
  const bench = await started(t, settings)
  let tokens = await bench.login()
  const { sid } = tokens.claims
  for (let i = 1; i < 4; i++) {
    tokens = issued(await bench.refresh(tokens.refresh))
    t.match(tokens.refresh, new RegExp(`^wr1_[\\w-]{22}\\.${i}\\.`))
    t.match(tokens.claims, { sub: 'ann', sid, roles: ['clerk'] })
  }
  const narrow = issued(
    await bench.form('token', { grant_type: 'refresh_token', refresh_token: tokens.refresh, scope: 'orders:read' }),
  )
  t.equal(narrow.claims.scope, 'orders:read')
  await writeFile(settings.usersFile!, USERS.replace('[clerk]', '[boss]').replace('"orders:write"', '"all"'))
  await bench.issuer.apply(settings)
  const later = issued(await bench.refresh(narrow.refresh))
  t.match(later.claims, { roles: ['boss'], scope: 'orders:read' }, 'no scopes that were not granted at the login')
  t.equal(told(await bench.form('refresh', { refresh_token: later.refresh, scope: 'all' })), '400 invalid_scope')
  t.equal((await bench.refresh(later.refresh)).status, 200, 'a refusal does not use the token up')
  t.equal(told(await bench.form('refresh', { grant_type: 'password' })), '400 invalid_request')
  t.equal(told(await bench.form('refresh', {})), '400 invalid_request')
})

t.test('two at once: exactly one wins, and the session lives', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  let { refresh } = await bench.login()
  for (let i = 0; i < 10; i++) {
    const replies = await Promise.all([1, 2, 3, 4].map(() => bench.refresh(refresh)))
    const won = replies.filter(({ status }) => status === 200)
    t.equal(won.length, 1)
    t.strictSame(replies.filter(({ status }) => status !== 200).map(told), Array(3).fill('400 invalid_grant'))
    refresh = issued(won[0]!).refresh
  }
})

t.test('a token that comes again revokes its session, and the access tokens, in every process', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const [one, other] = [await bench.login(), await bench.login()]
  const next = issued(await bench.refresh(one.refresh))
  t.equal(told(await bench.refresh(one.refresh)), '400 invalid_grant')
  t.equal(told(await bench.refresh(next.refresh)), '400 invalid_grant')
  t.ok(bench.known.isRevoked(undefined, one.claims.sid))
  t.equal((await bench.send('user', { authorization: `Bearer ${next.access}` })).status, 401)
  t.equal((await bench.refresh(other.refresh)).status, 200, 'other sessions go on')
  t.match(
    bench.audit.filter(({ why, reason }) => why === 'refresh_reused' || reason === 'refresh_reused'),
    [
      { audit: 'revoked', subject: 'ann', sid: one.claims.sid },
      { audit: 'refused', subject: 'ann' },
    ],
  )
  t.equal(bench.meter.value('weir_tokens_refused_total', { reason: 'refresh_reused' }), 1)
})

t.test('a session ends: after its time, and no access token outlives it', async (t) => {
  const bench = await started(t, await settingsIn(await folder(t), { refreshTtlMs: 1_800_000 }))
  const first = await bench.login()
  bench.clock.advance(1_200_000)
  const { refresh, claims, body } = issued(await bench.refresh(first.refresh))
  t.equal(body.expires_in, 600)
  t.equal(claims.exp, Number(first.claims.iat) + 1800)
  bench.clock.advance(600_001)
  t.equal(told(await bench.refresh(refresh)), '400 invalid_grant')
})

t.test("an application's session is renewed by that application alone", async (t) => {
  const bench = await started(t, await settingsIn(await folder(t)))
  const fields = { grant_type: 'password', username: 'ann', password: 'correct horse' }
  const { refresh } = issued(await bench.form('token', fields, CLIENT))
  t.equal(told(await bench.refresh(refresh)), '400 invalid_grant')
  t.equal(told(await bench.refresh((await bench.login()).refresh, CLIENT)), '400 invalid_grant')
  const validated = await bench.form('validate', { token: refresh }, CLIENT)
  t.match(JSON.parse(validated.body), { active: true, sub: 'ann', client_id: 'batch' })
  const next = issued(await bench.refresh(refresh, CLIENT))
  t.match(next.claims, { client_id: 'batch', scope: 'orders:read' })
  t.equal(told(await bench.refresh(refresh)), '400 invalid_grant')
  const last = issued(await bench.refresh(next.refresh, CLIENT))
  t.ok(last, 'nobody else ends it by a token that was used')
  t.equal(told(await bench.refresh(refresh, CLIENT)), '400 invalid_grant')
  t.equal(told(await bench.refresh(last.refresh, CLIENT)), '400 invalid_grant', 'the application itself does')
})

t.test('users who are gone or have another password: their sessions end with the reload', async (t) => {
  const settings = await settingsIn(await folder(t))
  const bench = await started(t, settings)
  const [ann, bob] = [await bench.login('ann'), await bench.login('bob')]
  await writeFile(settings.usersFile!, `- { name: ann, password: "$2b$04$${'a'.repeat(53)}" }\n`)
  await bench.issuer.apply(settings)
  for (const { claims, refresh } of [ann, bob]) {
    t.ok(bench.known.isRevoked(undefined, claims.sid))
    t.equal(told(await bench.refresh(refresh)), '400 invalid_grant')
  }
  await writeFile(settings.usersFile!, '- { name: ann')
  await t.rejects(bench.issuer.apply(settings), /users\.yaml:1/)
  t.equal(
    told(await bench.form('token', { grant_type: 'password', username: 'bob', password: 'correct horse' })),
    '400 invalid_grant',
  )
})

t.test('a start with another file of users ends their sessions, too', async (t) => {
  const settings = await settingsIn(await folder(t))
  const bench = await started(t, settings)
  const { refresh, claims } = await bench.login('bob')
  await bench.issuer.stop()
  t.equal(told(await bench.refresh(refresh)), '503 temporarily_unavailable')
  t.strictSame(bench.meter.names, [])
  const next = await started(t, { ...settings, usersFile: undefined })
  t.ok(next.known.isRevoked(undefined, claims.sid))
})
