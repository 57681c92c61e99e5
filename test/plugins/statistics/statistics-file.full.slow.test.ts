import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'

const MODULE = new URL('../../../plugins/statistics/statistics-file.ts', import.meta.url).href

t.test('where no more can be written, the file of before stays, and nothing beside it', async (t) => {
  const file = join(t.testdir({ 'stats.bin': 'WEIRSTAT and more' }), 'stats.bin')
  // The system refuses what exceeds a limit of the process, as it refuses what exceeds the disk.
  const code = `process.on('SIGXFSZ', () => {})
    const { writeStatistics } = await import(${JSON.stringify(MODULE)})
    const keys = Array.from({ length: 300 }, (_, i) => 'endpoint-' + i)
    const store = { resolutions: [{ stepMs: 10_000, since: 0 }], keys: () => keys, records: () => [new Uint8Array(30)] }
    const write = writeStatistics(${JSON.stringify(file)}, store)
    console.log(await write.then(() => 'written', ({ message }) => message))`
  const run = (limit: string): string => {
    const args = ['-c', `${limit}; exec "$0" --input-type=module -e "$1"`, process.execPath, code]
    return spawnSync('bash', args, { encoding: 'utf8' }).stdout
  }
  t.match(run('ulimit -f 4'), /EFBIG/)
  t.equal(await readFile(file, 'utf8'), 'WEIRSTAT and more')
  t.same(await readdir(join(file, '..')), ['stats.bin'])
  t.match(run(':'), /written/)
})
