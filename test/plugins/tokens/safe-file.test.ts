import { spawnSync } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readSecretFile, writeSafely } from '../../../plugins/tokens/safe-file.ts'
import { folder } from './support.ts'

t.test('a file is whole or not there, and nothing is replaced by mistake', async (t) => {
  const dir = await folder(t)
  const file = join(dir, 'a')
  await writeSafely(file, 'keep', (handle) => handle.writeFile('one'))
  t.equal((await stat(file)).mode & 0o777, 0o600)
  await t.rejects(
    writeSafely(file, 'keep', (handle) => handle.writeFile('two')),
    { code: 'EEXIST' },
  )
  await t.rejects(
    writeSafely(file, 'replace', async (handle) => {
      await handle.writeFile('half')
      throw new Error('no more')
    }),
    /no more/,
  )
  t.equal(await readFile(file, 'utf8'), 'one')
  await writeSafely(file, 'replace', (handle) => handle.writeFile('two'))
  t.equal(await readFile(file, 'utf8'), 'two')
  t.strictSame(await readdir(dir), ['a'])
})

t.test('a pipe, a folder, and a large file are no secrets', async (t) => {
  const dir = await folder(t)
  spawnSync('mkfifo', ['-m', '600', join(dir, 'pipe')])
  await t.rejects(readSecretFile(join(dir, 'pipe'), 10), /no ordinary file/)
  await t.rejects(readSecretFile(dir, 10), /no ordinary file/)
  await writeFile(join(dir, 'large'), 'x'.repeat(11), { mode: 0o600 })
  await t.rejects(readSecretFile(join(dir, 'large'), 10), /larger than 10 bytes/)
})
