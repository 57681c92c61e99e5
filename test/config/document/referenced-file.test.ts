// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references look like this
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readReferencedFile } from '../../../config/document/referenced-file.ts'
import { loadConfig } from '../../../config/live/config-loader.ts'
import { filter, tempFile } from '../support.ts'

function folder(t: Test): { dir: string; file: string; write(name: string, what: string | Buffer): void } {
  const { dir, file, remove } = tempFile()
  t.teardown(remove)
  return { dir, file, write: (name, what) => writeFileSync(join(dir, name), what) }
}

t.test('a path starts at the folder of the configuration', async (t) => {
  const { dir, file, write } = folder(t)
  mkdirSync(join(dir, 'secrets'))
  write('secrets/key', 'from below')
  write('weir.yaml', `auth_issuer: \${file:secrets/key}\nauth_audience: \${file:${dir}/secrets/key}\n`)
  t.match(filter(await loadConfig(file, {}), 'auth')?.options, { issuer: 'from below', audience: 'from below' })
})

t.test('one line break at the end is not part of it, and digits stay text', async (t) => {
  const { dir, file, write } = folder(t)
  const read = async (content: string, around = '${file:key}'): Promise<unknown> => {
    write('key', content)
    write('weir.yaml', `auth_issuer: ${around}\n`)
    return filter(await loadConfig(file, {}), 'auth')?.options.issuer
  }
  t.equal(await read('00123\n'), '00123')
  t.equal(await read('true\r\n'), 'true')
  t.equal(await read('two\nlines\n\n'), 'two\nlines\n')
  t.equal(await read(' spaces '), ' spaces ')
  t.equal(await read('${HOME} *a &b'), '${HOME} *a &b', 'what comes in is not looked at again')
  t.equal(await read('42', '"${file:key}"'), '42')
  t.equal(await read('b\n', 'a${file:key}c'), 'abc')
  t.equal(readReferencedFile(dir, 'key'), 'b\n')
})

t.test('what is no short text is refused in plain words, and a pipe holds nothing up', async (t) => {
  const { dir, write } = folder(t)
  const refused = (name: string, why: string): void => {
    t.throws(() => readReferencedFile(dir, name), { message: `\${file:${name}}: ${why}` })
  }
  refused('none', 'there is no such file')
  refused('.', 'this is no ordinary file')
  execFileSync('mkfifo', [join(dir, 'pipe')])
  refused('pipe', 'this is no ordinary file')
  refused('/dev/zero', 'this is no ordinary file')
  write('large', '')
  truncateSync(join(dir, 'large'), 1024 ** 2 + 1)
  refused('large', 'the file is larger than 1 MiB')
  refused('large/x', 'a part of the path is a file, not a folder')
  write('binary', Buffer.from([0x61, 0xff]))
  refused('binary', 'the file is not UTF-8 text')
  t.throws(() => readReferencedFile(dir, ''), /names no file/)
  t.throws(() => readReferencedFile(dir, 'a\0b'), /null bytes/)
  if (process.getuid?.() === 0) return
  chmodSync(join(dir, 'binary'), 0)
  refused('binary', 'no permission to read the file')
})

t.test('a configuration that is a pipe nobody writes to holds nothing up either', async (t) => {
  const { file } = folder(t)
  execFileSync('mkfifo', [file])
  await t.rejects(loadConfig(file, {}), /the file is empty/)
})
