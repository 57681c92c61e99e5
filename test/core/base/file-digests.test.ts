import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { digestOf, FileCheck } from '../../../core/base/file-digests.ts'

t.test("a file has changed if its contents differ or it can't be read", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'weir-digests-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'key')
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
