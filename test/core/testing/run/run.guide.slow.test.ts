// The guide's examples, as they stand there, in a folder of their own.
import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { folder } from '../../../support/process.ts'

const root = resolve(import.meta.dirname, '../../../..')
const guide = readFileSync(resolve(root, 'docs/guides/testing-a-filter.md'), 'utf8')

/** Blocks by the file that they name; those that name none continue the file before them. */
function filesOf(text: string): Record<string, string> {
  const files: Record<string, string> = {}
  let name = ''
  for (const [, block = ''] of text.matchAll(/^```ts\n([\s\S]*?)^```/gm)) {
    name = /^\/\/ ([\w.-]+\.ts)\n/.exec(block)?.[1] ?? name
    files[name] = (files[name] ?? '') + block
  }
  return files
}

const files = filesOf(guide)

t.test('the examples are tests that pass', async (t) => {
  t.same(Object.keys(files), ['tenant.ts', 'tenant.test.ts'])
  const dir = await folder(t, {
    ...files,
    'package.json': '{"type":"module"}',
    'node_modules/.keep': '',
    'tsconfig.json': JSON.stringify({ extends: `${root}/tsconfig.json`, include: ['*.ts'] }),
  })
  for (const name of ['weir', 'zod', '@types'])
    symlinkSync(name === 'weir' ? root : resolve(root, 'node_modules', name), resolve(dir, 'node_modules', name))
  const env = { PATH: process.env.PATH ?? '' }
  const args = ['--conditions=weir-source', '--test', '--test-reporter=tap', 'tenant.test.ts']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, env, encoding: 'utf8' })
  t.match(stdout, /^# fail 0$/m)
  t.equal(stderr, '')
  const written = guide.match(/^test\(/gm)?.length
  t.match(stdout, new RegExp(`^# pass ${written}$`, 'm'))
  const tsc = [resolve(root, 'node_modules/typescript/lib/tsc.js'), '-p', 'tsconfig.json']
  const checked = spawnSync(process.execPath, tsc, { cwd: dir, env, encoding: 'utf8' })
  t.equal(checked.stdout, '', 'and they are type-checked')
})
