import { join } from 'node:path'
import t from 'tap'
import { RecordingLogger } from '../../../core/testing.ts'
import { TokenState } from '../../../plugins/tokens/token-state.ts'
import { folder, JumpingClock } from './support.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

function stateIn(dir: string, clock = new JumpingClock(), maxSessions = 1000): Promise<TokenState> {
  return TokenState.open({ file: join(dir, 'state'), clock, log: new RecordingLogger(), maxSessions })
}

const login = (state: TokenState, clock: JumpingClock, subject = 'ann') =>
  state.begin({
    subject,
    client: undefined,
    scopes: ['a'],
    stamp: 's',
    expires: clock.wall() + 30 * DAY,
    tokensUntil: clock.wall() + HOUR,
  })

t.test('of two renewals at once one wins, and the session goes on; later the old token is a reuse', async (t) => {
  const clock = new JumpingClock()
  const state = await stateIn(await folder(t), clock)
  t.teardown(() => state.close())
  const { session, token } = await login(state, clock)
  t.equal(state.present(token).is, 'current')
  const rotating = state.rotate(session, clock.wall() + HOUR)
  t.equal(state.present(token).is, 'under-way')
  const next = await rotating
  t.equal(state.present(token).is, 'reused')
  t.equal(state.present(next!).is, 'current')
  const [head, generation, mac] = next!.split('.')
  for (const forged of [`${head}.${Number(generation) + 1}.${mac}`, `${next}x`, 'wr1_', `${head}.1.${'A'.repeat(43)}`])
    t.equal(state.present(forged).is, 'unknown', 'who makes one up revokes nothing')
})

t.test('a session that is revoked while it is renewed gets no other token', async (t) => {
  const clock = new JumpingClock()
  const state = await stateIn(await folder(t), clock)
  t.teardown(() => state.close())
  const { session, token } = await login(state, clock)
  const [next] = await Promise.all([state.rotate(session, 0), state.end([session])])
  t.equal(next, undefined)
  t.equal(state.present(token).is, 'ended')
})

t.test('sessions, revocations and the secret outlast a restart', async (t) => {
  const dir = await folder(t)
  const clock = new JumpingClock()
  const one = await stateIn(dir, clock)
  const [kept, ended] = [await login(one, clock), await login(one, clock)]
  const next = await one.rotate(kept.session, clock.wall() + 2 * HOUR)
  await one.end([ended.session])
  await one.revoke('j1', 'ann', clock.wall() + HOUR)
  const stamp = one.stampOf('x')
  await one.close()
  const two = await stateIn(dir, clock)
  t.teardown(() => two.close())
  t.equal(two.liveSessions, 1)
  t.equal(two.present(kept.token).is, 'reused')
  t.equal(two.present(next!).is, 'current')
  t.equal(two.present(ended.token).is, 'ended')
  t.ok(two.isRevoked('j1', undefined))
  t.ok(two.isRevoked(undefined, ended.session.sid))
  t.notOk(two.isRevoked('j2', kept.session.sid))
  t.equal(two.stampOf('x'), stamp)
  t.strictSame(new Set(two.revoked.map(([id]) => id)), new Set(['j1', ended.session.sid]))
})

t.test('no clock that is set forward for a moment makes a revocation be forgotten', async (t) => {
  const dir = await folder(t)
  const clock = new JumpingClock()
  const one = await stateIn(dir, clock)
  const { session } = await login(one, clock)
  await one.end([session])
  await one.revoke('j1', 'ann', clock.wall() + HOUR)
  clock.jump(400 * DAY)
  one.forget()
  clock.jump(-400 * DAY)
  t.ok(one.isRevoked('j1', undefined))
  t.ok(one.isRevoked(undefined, session.sid))
  await one.close()
  // At a start, too: the clock of a machine is often set only then.
  clock.jump(400 * DAY)
  const two = await stateIn(dir, clock)
  t.teardown(() => two.close())
  clock.jump(-400 * DAY)
  t.ok(two.isRevoked('j1', undefined))
  clock.jump(-400 * DAY)
  clock.advance(2 * HOUR)
  two.forget()
  t.ok(two.isRevoked('j1', undefined), 'nor one that is set back')
  clock.jump(400 * DAY)
  two.forget()
  t.notOk(two.isRevoked('j1', undefined), 'it ends when its token is over by both')
  t.notOk(two.isRevoked(undefined, session.sid))
})

t.test('a subject has a share: its oldest session ends, and it can not fill the rest', async (t) => {
  const clock = new JumpingClock()
  const state = await stateIn(await folder(t), clock, 100)
  t.teardown(() => state.close())
  const first = await login(state, clock)
  for (let i = 1; i < 10; i++) t.strictSame((await login(state, clock)).ended, [])
  const [end] = (await login(state, clock)).ended
  t.equal(end?.[0], first.session.sid)
  t.equal(state.liveSessions, 10)
  for (let i = 11; i < 40; i++) await login(state, clock)
  await t.rejects(login(state, clock), /no room/)
  await login(state, clock, 'bob')
  for (let i = 0; i < 10; i++) await state.revoke(`j${i}`, 'ann', clock.wall() + HOUR)
  await t.rejects(state.revoke('j10', 'ann', clock.wall() + HOUR), /no room/)
  t.equal((await state.revoke('j9', 'ann', clock.wall() + HOUR)).length, 1, 'one that is revoked already')
  await state.revoke('k', 'bob', clock.wall() + HOUR)
  clock.advance(2 * HOUR)
  await login(state, clock)
  t.pass('what is over makes room')
})

t.test('all slots are used: nothing is forgotten, and others wait', async (t) => {
  const clock = new JumpingClock()
  const state = await stateIn(await folder(t), clock, 12)
  t.teardown(() => state.close())
  for (let i = 0; i < 12; i++) await login(state, clock, `u${i}`)
  await t.rejects(login(state, clock, 'u12'), /no room/)
  t.equal(state.liveSessions, 12)
  clock.advance(30 * DAY)
  await login(state, clock, 'u12')
  t.equal(state.liveSessions, 1)
})
