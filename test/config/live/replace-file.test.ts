import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FileConfigSource } from '../../../config/live/file-config-source.ts'
import { replaceFile } from '../../../config/live/replace-file.ts'
import { folder } from '../../support/process.ts'

const old = Buffer.from('old')
const next = Buffer.from('next')

t.test('a file is replaced whole, with the mode it had', async (t) => {
  const dir = await folder(t, { 'a/weir.yaml': 'old' })
  const file = join(dir, 'a/weir.yaml')
  chmodSync(file, 0o604)
  const { ino } = statSync(file)
  t.equal(await replaceFile(file, next, old), true)
  t.equal(readFileSync(file, 'utf8'), 'next')
  t.equal(statSync(file).mode & 0o7777, 0o604)
  t.not(statSync(file).ino, ino)
  t.equal(await replaceFile(file, old, old), false, 'it holds something else by now')
  t.equal(readFileSync(file, 'utf8'), 'next')
  symlinkSync('a/weir.yaml', join(dir, 'link'))
  t.equal(await replaceFile(join(dir, 'link'), old, next), true)
  t.ok(lstatSync(join(dir, 'link')).isSymbolicLink())
  t.equal(readFileSync(file, 'utf8'), 'old')
  t.strictSame(readdirSync(join(dir, 'a')), ['weir.yaml'])
})

t.test('what can not be replaced is said, and left as it is', async (t) => {
  const dir = await folder(t, { 'weir.yaml': 'old' })
  const file = join(dir, 'weir.yaml')
  const refused = (name: string, message: RegExp) =>
    t.rejects(replaceFile(name, next, old), { name: 'ConfigError', problems: [{ message }] })
  chmodSync(file, 0o400)
  await refused(file, /^the file is read-only$/)
  chmodSync(file, 0o600)
  await refused(join(dir, 'none.yaml'), /^there is no such file$/)
  await refused(dir, /^this is not a regular file/)
  await refused('/dev/null', /not a regular file/)
  await refused('/proc/self/comm', /written|permission|no such file/)
  if (process.getuid?.() !== 0) {
    chmodSync(dir, 0o500)
    await refused(file, /no permission/)
    chmodSync(dir, 0o700)
  }
  mkdirSync(join(dir, '..2026'))
  writeFileSync(join(dir, '..2026/weir.yaml'), 'old')
  symlinkSync('..2026', join(dir, '..data'))
  unlinkSync(file)
  symlinkSync('..data/weir.yaml', file)
  await refused(file, /Kubernetes/)
  t.equal(readFileSync(file, 'utf8'), 'old')
  await t.rejects(new FileConfigSource(file).write(file, Buffer.alloc(11 * 1024 ** 2), old), { message: /10 MiB/ })
})
