// The structure that CONTRIBUTING.md describes, held by a test: who may import whom, and where a file lies.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '..')
const PARTS = ['core', 'filters', 'plugins', 'config'] as const

/** Rooms in the order of their imports: each may import itself and those before it. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  core: ['base', 'api', 'state', 'control', 'match', 'fleet', 'observe', 'chain', 'http', 'build', 'main', 'testing'],
  config: ['document', 'schema', 'read', 'live', 'edit', 'commands'],
}
/** What others may import of core; they themselves may import every room of it. */
const DOORS = ['core/index.ts', 'core/testing.ts']
/** The composition root: it may import everything, and so may what starts it for tests. */
const ROOTS = ['core/main', 'core/testing']
const MAX_LINES = 250

const list = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name))
    .map((name) => join(folder, name))

const files = PARTS.flatMap(list)
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Relative imports of a text, static and dynamic, types included. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, specifier]) => specifier!)
}

const targetOf = (file: string, specifier: string): string => relative(root, resolve(root, dirname(file), specifier))

/** What is wrong with an import, or undefined. */
function judge(file: string, specifier: string): string | undefined {
  const to = targetOf(file, specifier)
  if (ROOTS.includes(dirname(file)) || DOORS.includes(file) || file === 'core/launch.js') return undefined
  const [part = '', folder = ''] = file.split('/')
  const [otherPart = '', otherFolder = ''] = to.split('/')
  const wrong = (why: string): string => `${file} imports ${to}: ${why}`
  if (part === otherPart && ROOMS[part] !== undefined) {
    const [from, at] = [ROOMS[part].indexOf(folder), ROOMS[part].indexOf(otherFolder)]
    return at !== -1 && at <= from ? undefined : wrong(`${part}/${folder} may not import ${otherFolder}`)
  }
  if (part === 'core') return wrong('core may not import what stands on it')
  if (part === otherPart) return folder === otherFolder ? undefined : wrong(`${part} may not import one another`)
  if (otherPart !== 'core') return wrong(`${part} may not import ${otherPart}`)
  return part === 'config' || to === 'core/index.ts' ? undefined : wrong('the public door is core/index.ts')
}

t.test('every import follows an arrow that the layout allows', async (t) => {
  t.ok(files.length > 50, `${files.length} files looked at`)
  t.strictSame(files.flatMap((file) => importsOf(textOf(file)).map((s) => judge(file, s))).filter(Boolean), [])
})

t.test('timers are those of core/base/timer.ts, which takes any duration', async (t) => {
  const raw = /(?<![.\w])(?:setTimeout|setInterval)\b/
  t.strictSame(
    files.filter((file) => raw.test(textOf(file))),
    ['core/base/timer.ts'],
  )
})

t.test('the check sees what it must', async (t) => {
  t.strictSame(importsOf(`import a from '../x.ts'\nexport { b } from "./y.ts"\nawait import('./z.ts')\nimport 'npm'`), [
    '../x.ts',
    './y.ts',
    './z.ts',
  ])
  t.match(judge('filters/auth/filter.ts', '../breaker/filter.ts'), /may not import/, 'a filter and another')
  t.match(judge('filters/auth/filter.ts', '../../core/api/filter.ts'), /public door/)
  t.match(judge('plugins/admin/filter.ts', '../../core/main/gateway.ts'), /public door/)
  t.match(judge('plugins/admin/filter.ts', '../echo/echo-service.ts'), /may not import/)
  t.match(judge('core/chain/chain-runner.ts', '../../filters/auth/filter.ts'), /may not import/)
  t.match(judge('core/chain/chain-runner.ts', '../http/listener.ts'), /chain may not import http/)
  t.match(judge('core/api/filter.ts', '../index.ts'), /may not import/)
  t.match(judge('config/schema/address.ts', '../read/settings.ts'), /may not import/)
  t.match(judge('config/live/config-loader.ts', '../../plugins/echo/echo-service.ts'), /may not import/)
  t.equal(judge('core/http/listener.ts', '../chain/chain.ts'), undefined)
  t.equal(judge('config/live/config-loader.ts', '../../core/base/time-slice.ts'), undefined)
  t.equal(judge('filters/auth/filter.ts', '../../core/index.ts'), undefined)
  t.equal(judge('filters/auth/filter.ts', './keys.ts'), undefined)
})

t.test('every file of core and config lies in a room', async (t) => {
  for (const part of ['core', 'config'] as const)
    t.strictSame(
      readdirSync(join(root, part), { withFileTypes: true })
        .filter((entry) => (entry.isDirectory() ? !ROOMS[part]!.includes(entry.name) : /\.(ts|js)$/.test(entry.name)))
        .map(({ name }) => name)
        .sort(),
      part === 'core' ? ['index.ts', 'launch.js', 'testing.ts'] : [],
    )
})

t.test('no file stands in a circle of imports', async (t) => {
  const imports = new Map(files.map((file) => [file, importsOf(textOf(file)).map((s) => targetOf(file, s))]))
  const done = new Set<string>()
  const path: string[] = []
  const circles: string[] = []
  const walk = (file: string): void => {
    if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(' > '))
    if (done.has(file)) return
    path.push(file)
    for (const next of imports.get(file) ?? []) walk(next)
    path.pop()
    done.add(file)
  }
  for (const file of files) walk(file)
  t.strictSame(circles, [])
})

t.test(`no file is longer than ${MAX_LINES} lines`, async (t) => {
  const lines = (file: string): number => textOf(file).split('\n').length - 1
  t.strictSame(
    files.filter((file) => lines(file) > MAX_LINES).map((file) => `${file}: ${lines(file)}`),
    [],
  )
})

/** Names that mean the same wherever they stand. */
const SAME_MEANING = ['filter.ts', 'options.ts', 'gauges.ts', 'index.ts']

t.test('no two files have one name', async (t) => {
  const places = Map.groupBy(
    files.filter((file) => !SAME_MEANING.includes(basename(file))),
    (file) => basename(file),
  )
  t.strictSame(
    [...places.values()].filter(({ length }) => length > 1).map((twins) => twins.join(' ')),
    [],
  )
})

t.test('a test stands at the path of what it tests: test/<folder>/<file>[.<aspect>].test.ts', async (t) => {
  const strays = PARTS.flatMap((part) => list(join('test', part)))
    .filter((file) => file.endsWith('.test.ts'))
    .filter(
      (file) => !existsSync(join(root, dirname(file).slice('test/'.length), `${basename(file).split('.')[0]}.ts`)),
    )
  t.strictSame(strays, [])
})

t.test('core knows no filter by name', async (t) => {
  // The slot that carries the request's id has its filter's name.
  const names = readdirSync(join(root, 'filters')).filter((name) => name !== 'request-id')
  for (const file of files.filter((f) => f.startsWith('core/') && !ROOTS.includes(dirname(f)))) {
    const code = textOf(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    for (const name of names) t.notOk(new RegExp(`['"\`]${name}['"\`]`).test(code), `${file} does not say "${name}"`)
  }
})

t.test('the top level holds what a repository has, and no more', async (t) => {
  const known = [...PARTS, 'test', 'docs', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
  known.push(
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'node_modules',
    'dist',
    'weir.yaml',
  )
  t.strictSame(
    readdirSync(root).filter((name) => !name.startsWith('.') && !known.includes(name)),
    [],
  )
})
