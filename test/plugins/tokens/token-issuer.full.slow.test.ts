import { spawnSync } from 'node:child_process'
import t from 'tap'
import { folder, settingsIn, started } from './support.ts'

const CHILD = new URL('./full-child.ts', import.meta.url).pathname

t.test('a full disk: 503, nothing has changed, and after it all goes on', async (t) => {
  const dir = await folder(t)
  // The system refuses what exceeds a limit of the process, as it refuses what exceeds the disk.
  const args = ['-c', 'ulimit -f 3; exec "$0" "$1" "$2"', process.execPath, CHILD, dir]
  const { stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8', timeout: 60_000 })
  t.match(stdout, /^\{/, stderr)
  const { token, sid, ...results } = JSON.parse(stdout) as Record<string, unknown>
  t.strictSame(results, {
    login: '503 temporarily_unavailable',
    retryAfter: '1',
    unchanged: true,
    client: '200',
    refresh: '503 temporarily_unavailable',
    revoke: '503 temporarily_unavailable',
  })
  const bench = await started(t, await settingsIn(dir))
  t.notOk(bench.known.isRevoked(undefined, sid))
  t.equal((await bench.refresh(String(token))).status, 200, 'the token of the refused renewal is the one that counts')
})
