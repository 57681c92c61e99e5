import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '..')
const parts = ['core', 'filters', 'plugins', 'config'] as const
type Part = (typeof parts)[number]

/** Who may import whom, beside npm packages and itself. */
const allowed: Readonly<Record<Part, readonly Part[]>> = {
  core: [],
  filters: ['core'],
  plugins: ['core'],
  config: ['core'],
}
/** The composition root. */
const ROOT = 'core/main/main.ts'

const files = parts.flatMap((part) =>
  readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name))
    .map((name) => join(part, name)),
)

/** The room a file lies in: filters and plugins each have one a folder. */
function roomOf(file: string): string {
  const [part = '', folder = ''] = file.split('/')
  return part === 'filters' || part === 'plugins' ? `${part}/${folder}` : part
}

/** Relative imports of a text, static and dynamic. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, specifier]) => specifier!)
}

/** What is wrong with an import, or undefined. */
function judge(file: string, specifier: string): string | undefined {
  if (file === ROOT) return undefined
  const to = relative(root, resolve(root, dirname(file), specifier))
  const from = roomOf(file)
  const room = roomOf(to)
  if (room === from) return undefined
  const part = to.split('/')[0] as Part
  if (allowed[file.split('/')[0] as Part].includes(part)) return undefined
  return `${file} imports ${to}: ${from} may not import ${room}`
}

t.test('every import follows an arrow that the layout allows', async (t) => {
  t.ok(files.length > 50, `${files.length} files looked at`)
  const wrong = files
    .flatMap((file) => importsOf(readFileSync(join(root, file), 'utf8')).map((s) => judge(file, s)))
    .filter(Boolean)
  t.strictSame(wrong, [])
})

t.test('the check sees what it must', async (t) => {
  t.strictSame(importsOf(`import a from '../x.ts'\nexport { b } from "./y.ts"\nawait import('./z.ts')\nimport 'npm'`), [
    '../x.ts',
    './y.ts',
    './z.ts',
  ])
  t.match(judge('filters/auth/filter.ts', '../breaker/state.ts'), /may not import/, 'a filter and another')
  t.match(
    judge('core/chain/hook-runner.ts', '../../filters/auth/filter.ts'),
    /may not import/,
    'core and what stands on it',
  )
  t.match(judge('config/live/config-loader.ts', '../../plugins/echo/service.ts'), /may not import/)
  t.match(judge('plugins/admin/filter.ts', '../echo/service.ts'), /may not import/)
  t.equal(judge('filters/auth/filter.ts', '../../core/index.ts'), undefined)
  t.equal(judge('filters/auth/filter.ts', './keys.ts'), undefined)
})

t.test('core knows no filter by name', async (t) => {
  // The slot that carries the request's id has its filter's name.
  const names = readdirSync(join(root, 'filters')).filter((name) => name !== 'request-id')
  for (const file of files.filter((f) => f.startsWith('core/') && f !== ROOT)) {
    const code = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    for (const name of names) t.notOk(new RegExp(`['"\`]${name}['"\`]`).test(code), `${file} does not say "${name}"`)
  }
})

t.test('the top level holds what a repository has, and no more', async (t) => {
  const known = [...parts, 'test', 'docs', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
  known.push('README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'node_modules', 'dist', 'weir.yaml')
  t.strictSame(
    readdirSync(root).filter((name) => !name.startsWith('.') && !known.includes(name)),
    [],
  )
})
