import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { pairedChannels } from '../../../core/fleet/channel.ts'
import { Member } from '../../../core/fleet/member.ts'
import type { ToPrimary, ToWorker } from '../../../core/fleet/messages.ts'

function setUp() {
  const [channel, theirs] = pairedChannels<ToPrimary, ToWorker<unknown>>()
  theirs.onMessage(({ type }) => void (type === 'stop' && theirs.send({ type: 'stopped', clean: true })))
  const { promise: ended, resolve: end } = Promise.withResolvers<string>()
  return Object.assign(new Member(1, { channel, ended, kill: () => {} }, 800, () => {}), { end })
}

t.test('silence while it starts does not count once it serves requests', async (t) => {
  const member = setUp()
  for (let i = 0; i < 20; i++) member.silence.tick(100)
  member.open(0)
  t.equal(member.silence.tick(100), 100)
})

t.test('how long it had served requests', async (t) => {
  const member = setUp()
  member.open(1000)
  t.equal(member.ended(3500), 2500)
  t.match(member, { isGone: true, readySince: undefined })
  t.equal(setUp().ended(3500), undefined)
})

t.test('one that has stopped may be silent until it has ended', async (t) => {
  const member = setUp()
  member.open(0)
  const stopped = member.stop(1000)
  while (!member.isGone) await setImmediate()
  member.end('exit code 0')
  t.ok(await stopped)
})
