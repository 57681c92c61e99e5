import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { digestOf, FileCheck, readNamed } from '../../../core/base/read-file.ts'

function folder(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'weir-files-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  return dir
}

t.test('what is no ordinary file of a sensible size is refused in words, and a pipe holds nothing up', async (t) => {
  const dir = folder(t)
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

t.test('a file has changed when it holds something else or can not be read', async (t) => {
  const file = join(folder(t), 'key')
  const changed = (): boolean => new FileCheck().changed(new Map([[file, digestOf(Buffer.from('one'))]]))
  writeFileSync(file, 'one')
  t.equal(changed(), false)
  writeFileSync(file, 'two')
  t.equal(changed(), true)
  writeFileSync(file, 'one')
  t.equal(changed(), false)
  unlinkSync(file)
  t.equal(changed(), true)
})
