import { renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadedCode, loadPlugins } from '../../../core/build/plugin-loader.ts'
import { restartDue } from '../../../core/build/restart-due.ts'
import { folder } from '../../support/process.ts'

const FACTORY = "{ name: 'p', apiVersion: 1, create: () => ({}) }"

async function loadIn(dir: string, ...specifiers: string[]) {
  const plugins = specifiers.map((specifier) => ({ specifier, at: ['plugins', 0] }))
  await loadPlugins(plugins, dir)
  const code = loadedCode(plugins, dir)
  const files = (specifier: string): string[] =>
    [...code.get(specifier)!.keys()].map((path) => path.replace(`${dir}/`, '')).toSorted()
  return { code, files, due: () => restartDue(code).map(({ plugin }) => plugin) }
}

t.test('the code of a plugin is its file, and what that imports by paths', async (t) => {
  const dir = await folder(t, {
    'a.ts': `import type { X } from './types.ts'\nimport './b.mjs'\nimport 'dep'\nimport 'weir'\nexport default ${FACTORY} as object as X`,
    'b.mjs': "import './c.cjs'\nimport './a.ts'\nsetImmediate(() => import('./later.mjs'))",
    'c.cjs': "require('./d')",
    'd.js': 'exports.d = 1',
    'later.mjs': '',
    'node_modules/dep/package.json': '{"name":"dep","exports":"./main.mjs"}',
    'node_modules/dep/main.mjs': "import './more.mjs'",
    'node_modules/dep/more.mjs': '',
    'node_modules/whole/package.json': '{"name":"whole","exports":"./main.mjs"}',
    'node_modules/whole/main.mjs': `import './more.mjs'\nexport default ${FACTORY}`,
    'node_modules/whole/more.mjs': '',
  })
  const { files } = await loadIn(dir, './a.ts', 'whole')
  const own = ['a.ts', 'b.mjs', 'c.cjs', 'd.js']
  t.strictSame(files('./a.ts'), own)
  t.strictSame(files('whole'), ['node_modules/whole/main.mjs', 'node_modules/whole/more.mjs'])
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.strictSame((await loadIn(dir, './a.ts')).files('./a.ts'), own, 'it does not grow')
  t.strictSame([...loadedCode([{ specifier: './other.mjs', at: [] }], dir)], [], 'it was not loaded')
})

t.test('a restart is due as long as the disk differs from what was loaded', async (t) => {
  const dir = await folder(t, {
    'one.mjs': `import './shared.mjs'\nexport default ${FACTORY}`,
    'two.mjs': `import './shared.mjs'\nexport default ${FACTORY}`,
    'three.mjs': `export default ${FACTORY}`,
    'shared.mjs': '1',
  })
  const { due } = await loadIn(dir, './one.mjs', './two.mjs', './three.mjs')
  t.strictSame(due(), [])
  writeFileSync(join(dir, 'shared.mjs'), '2')
  t.strictSame(due(), ['./one.mjs', './two.mjs'])
  t.strictSame((await loadIn(dir, './one.mjs')).due(), ['./one.mjs'], 'a load does not change what runs')
  writeFileSync(join(dir, 'shared.mjs'), '1')
  t.strictSame(due(), [])
  renameSync(join(dir, 'three.mjs'), join(dir, 'gone.mjs'))
  t.strictSame(due(), ['./three.mjs'])
})

t.test('a folder that is swapped, as by Kubernetes, with the same code', async (t) => {
  const files = { 'p.mjs': `import './q.mjs'\nexport default ${FACTORY}`, 'q.mjs': '1' }
  const versions = (version: string) => Object.entries(files).map(([name, text]) => [`..${version}/${name}`, text])
  const dir = await folder(t, Object.fromEntries([...versions('1'), ...versions('2')]))
  symlinkSync('..1', join(dir, '..data'))
  for (const name of Object.keys(files)) symlinkSync(`..data/${name}`, join(dir, name))
  const { files: named, due } = await loadIn(dir, './p.mjs')
  t.strictSame(named('./p.mjs'), ['p.mjs', 'q.mjs'])
  symlinkSync('..2', join(dir, '..next'))
  renameSync(join(dir, '..next'), join(dir, '..data'))
  renameSync(join(dir, '..1'), join(dir, '..removed'))
  t.strictSame(due(), [])
  writeFileSync(join(dir, '..2/q.mjs'), '2')
  t.strictSame(due(), ['./p.mjs'])
})
