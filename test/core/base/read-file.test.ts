import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readNamed } from '../../../core/base/read-file.ts'

t.test('only ordinary files up to a size are read, and a pipe does not block', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'weir-read-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'key'), 'secret')
  t.match(readNamed(dir, 'key'), { file: join(dir, 'key'), bytes: Buffer.from('secret') })
  mkdirSync(join(dir, 'sub'))
  execFileSync('mkfifo', [join(dir, 'pipe')])
  truncateSync(join(dir, 'key'), 10 * 1024 ** 2 + 1)
  const cases = [
    ['none', 'there is no such file'],
    ['key/none', 'a part of the path is a file, not a folder'],
    ['sub', 'this is no ordinary file'],
    ['pipe', 'this is no ordinary file'],
    ['key', 'the file is larger than 10 MiB'],
  ] as const
  for (const [name, why] of cases) t.throws(() => readNamed(dir, name), { message: `cannot read "${name}": ${why}` })
})
