import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { decodeJwt } from 'jose'
import t from 'tap'
import { sleep } from '../../../core/index.ts'
import { readKeys } from '../../../plugins/tokens/key-folder.ts'
import { Bench, folder, JumpingClock, settingsIn } from './support.ts'

const CHILD = new URL('./kill-child.ts', import.meta.url).pathname
const ROUNDS = 20

t.test('killed at any moment: no revoked token comes back, and no key is lost', async (t) => {
  const dir = await folder(t)
  let wall = Date.UTC(2026, 0, 1)
  const said: [string, string][] = []
  let checked = 0
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn(process.execPath, [CHILD, dir, String(wall)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const gone = once(child, 'exit')
    const lines = createInterface(child.stdout)
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        const [word = '', rest = ''] = line.split(' ')
        if (word === 'ready') return resolve()
        if (word === 'at') wall = Number(rest)
        else said.push([word, rest])
      })
    })
    await Promise.race([ready, gone])
    // Moments that differ from round to round, over some turns of its loop.
    await sleep(40 + ((round * 37) % 150))
    child.kill('SIGKILL')
    const [, signal] = (await gone) as [unknown, string]
    t.equal(signal, 'SIGKILL', `round ${round}: it ran until then`)
    const clock = new JumpingClock()
    clock.jump(wall - clock.wall())
    const bench = new Bench(await settingsIn(dir, { maxSessions: 100_000 }), clock)
    await bench.issuer.start()
    for (const [word, token] of said.slice(-200)) {
      if (token.startsWith('wr1_')) {
        // A token that was replaced would end its session: the last ones are presented again in the next rounds.
        const { status } = await bench.refresh(token)
        if (status !== 400) t.fail(`${word}: a refresh token that was replaced or revoked got ${status}`)
      } else {
        const { status } = await bench.send('user', { authorization: `Bearer ${token}` })
        const lives = decodeJwt(token).exp! * 1000 > wall
        if (status !== (word === 'kept' && lives ? 200 : 401)) t.fail(`${word}: an access token got ${status}`)
        if (lives) checked++
      }
    }
    await bench.issuer.stop()
    t.ok((await readKeys(`${dir}/keys`)).length > 0)
  }
  t.ok(checked > 5 * ROUNDS, `${checked} tokens that were not over`)
  t.ok(said.length > 5 * ROUNDS, `${said.length} confirmed`)
  t.notMatch((await readdir(dir)).join(' '), /\.tmp/)
})
