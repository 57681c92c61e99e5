import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { folder } from './support.ts'

const MODULE = new URL('../../../plugins/tokens/token-log.ts', import.meta.url).href

t.test('a full disk: what was refused never comes back, what was confirmed stays, and it goes on', async (t) => {
  const dir = await folder(t)
  // The system refuses what exceeds a limit of the process, as it refuses what exceeds the disk: 4 blocks of 1 KiB.
  const code = (file: string) => `process.on('SIGXFSZ', () => {})
    const { TokenLog } = await import(${JSON.stringify(MODULE)})
    const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
    const all = []
    const clock = { now: () => performance.now(), wall: () => Date.now() }
    const open = () => TokenLog.open({ file: ${JSON.stringify(file)}, clock, log: quiet, live: () => all }, () => [], (r) => all.push(r))
    const log = await open()
    const told = []
    const add = (name, size) => log.append([{ name, fill: 'x'.repeat(size) }]).then(() => told.push(name), (e) => told.push('no ' + name))
    await add('a', 1000); await add('b', 1000); await add('large', 3000); await add('c', 500); await add('huge', 9000); await add('d', 10)
    await log.close()
    all.length = 0
    await (await open()).close()
    console.log(JSON.stringify({ told, found: all.map((r) => r.name) }))`
  const run = (limit: string, name: string) => {
    const args = ['-c', `${limit}; exec "$0" --input-type=module -e "$1"`, process.execPath, code(join(dir, name))]
    const { stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8', timeout: 30_000 })
    return stdout === '' ? stderr : (JSON.parse(stdout) as unknown)
  }
  t.strictSame(run('ulimit -f 4', 'full'), {
    told: ['a', 'b', 'no large', 'c', 'no huge', 'd'],
    found: ['a', 'b', 'c', 'd'],
  })
  t.match(run(':', 'enough'), { found: ['a', 'b', 'large', 'c', 'huge', 'd'] }, 'the limit did it')
})
