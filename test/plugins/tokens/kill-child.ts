// Logs users in, renews, revokes and rotates keys until it is killed. It says what was confirmed, a line each.
// Arguments: folder, and the wall clock to begin with.
import { writeSync } from 'node:fs'
import { Bench, issued, JumpingClock, settingsIn } from './support.ts'

const [, , dir = '', wall = ''] = process.argv
const clock = new JumpingClock()
clock.jump(Number(wall) - clock.wall())
const day = 86_400_000
const settings = await settingsIn(dir, { maxSessions: 100_000, rotateEveryMs: 3_600_000, accessTtlMs: day })
const bench = new Bench(settings, clock)
await bench.issuer.start()

const say = (...words: readonly unknown[]): void => void writeSync(1, `${words.join(' ')}\n`)
say('ready')
for (;;) {
  clock.advance(1_800_000)
  say('at', clock.wall())
  await bench.issuer.apply(settings)
  const [doomed, kept] = await Promise.all([bench.login('ann'), bench.login('bob')])
  say('kept', kept.access)
  const renewed = issued(await bench.refresh(doomed.refresh))
  say('replaced', doomed.refresh)
  for (const token of [doomed.access, renewed.refresh])
    if ((await bench.form('revoke', { token })).status === 200) say('revoked', token)
  say('ended', renewed.access)
}
