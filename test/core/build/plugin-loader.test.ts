import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadPlugins } from '../../../core/build/plugin-loader.ts'
import { ConfigError } from '../../../core/control/config-error.ts'
import { HOSTILE } from '../../support/hostile.ts'
import { folder } from '../../support/process.ts'

const FACTORY = "{ name: 'p', apiVersion: 1, create: () => ({}) }"
const at = ['plugins', 0]

/** The one problem of the first file, with `DIR` for the folder. */
async function problemOf(t: Test, files: Readonly<Record<string, string>>, specifier = `./${Object.keys(files)[0]}`) {
  const dir = await folder(t, files)
  try {
    await loadPlugins([{ specifier, at }], dir)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    t.equal(error.problems.length, 1)
    t.same(error.problems[0]!.path, at)
    return error.problems[0]!.message.replaceAll(dir, 'DIR')
  }
  return 'none'
}

t.test('files are found from the folder of the configuration, packages from its node_modules', async (t) => {
  const dir = await folder(t, {
    'filters/one.mjs': `export default ${FACTORY}`,
    'filters/two.ts': `const both: object[] = [${FACTORY}, ${FACTORY}]\nexport default both`,
    'node_modules/three/package.json': '{"name":"three","exports":"./main.mjs"}',
    'node_modules/three/main.mjs': `export default ${FACTORY}`,
  })
  const specifiers = ['./filters/one.mjs', './filters/two.ts', 'three', join(dir, 'filters/one.mjs')]
  const loaded = await loadPlugins(
    specifiers.map((specifier) => ({ specifier, at })),
    dir,
  )
  t.same(
    loaded.map(([factory, origin]) => [factory.name, origin]),
    [0, 1, 1, 2, 3].map((i) => ['p', specifiers[i]]),
  )
  t.same(await loadPlugins([], '/nowhere'), [])
})

t.test("importing 'weir' gives the engine that runs it", async (t) => {
  const dir = await folder(t, {
    'p.mjs':
      "import { defineFilter, reply } from 'weir'\nexport default defineFilter({ name: 'p', apiVersion: 1, create: () => reply })",
  })
  const [[factory] = []] = await loadPlugins([{ specifier: './p.mjs', at }], dir)
  const { reply } = await import('../../../core/index.ts')
  t.equal(await factory!.create({} as never, {} as never), reply)
})

t.test('an export that is no filter factory is refused, with what it should be', async (t) => {
  const cases: [text: string, why: RegExp][] = [
    ['export const p = 1', /no default export; export default defineFilter/],
    ['export default null', /no filter factory/],
    ["export default [{ name: 'P' }]", /kebab case \(found "P"\)/],
    ['export default {}', /kebab case \(found undefined\)/],
    ["export default { name: 'p', apiVersion: 2, create() {} }", /"p" has apiVersion 2; this Weir offers 1/],
    ["export default { name: 'p', apiVersion: '1', create() {} }", /has apiVersion "1"/],
    ["export default { name: 'p', apiVersion: 1 }", /no create\(\) function/],
  ]
  for (const [text, why] of cases) t.match(await problemOf(t, { 'p.mjs': text }), why)
})

t.test('the error of a plugin that throws while it loads is shown', async (t) => {
  t.match(
    await problemOf(t, { 'p.mjs': "throw new TypeError('no luck')" }),
    /^the plugin ".\/p.mjs" .*: TypeError: no luck$/,
  )
  t.match(await problemOf(t, { 'p.mjs': "throw 'no object'" }), /: no object$/)
  t.match(await problemOf(t, { 'p.mjs': 'throw null' }), /: null$/)
  t.match(
    await problemOf(t, { 'p.mjs': "JSON.parse('{')" }),
    /: SyntaxError: [^\n]* JSON at position 1 \(line 1 column 2\)$/,
  )
})

t.test('whatever a plugin throws or exports, it is a load error that names it', async (t) => {
  const hostile = JSON.stringify(new URL('../../support/hostile.ts', import.meta.url).href)
  for (const what of Object.keys(HOSTILE)) {
    const value = `import { HOSTILE } from ${hostile}\nconst value = HOSTILE[${JSON.stringify(what)}]\n`
    for (const text of [
      'throw value',
      'export default value',
      'export default [value]',
      'export const then = () => { throw value }',
    ]) {
      const problem = await problemOf(t, { 'p.mjs': `${value}${text}` })
      t.match(problem, /^the plugin "\.\/p\.mjs" could not be loaded: ./, `${what}: ${text}`)
      t.ok(problem.length < 10_000, what)
    }
  }
  const cases: [text: string, why: RegExp][] = [
    ['throw Object.create(null)', /: an object without a message$/],
    ['throw new TypeError()', /: TypeError$/],
    ["throw Object.assign(new SyntaxError('odd'), { message: Symbol('m'), stack: 5 })", /loaded: ./],
    ["throw Object.assign(new Error('read me'), { name: 5 })", /: Error: read me$/],
    ["throw { code: 'ERR_MODULE_NOT_FOUND' }", /: not found \(an object without a message\)$/],
    ['export default { get name() { throw Object.create(null) } }', /: an object without a message$/],
  ]
  for (const [text, why] of cases) t.match(await problemOf(t, { 'p.mjs': text }), why, text)
})

t.test('a file or package that is not there', async (t) => {
  t.match(await problemOf(t, {}, './missing.ts'), /: not found: there is no file DIR\/missing\.ts$/)
  t.match(await problemOf(t, {}, 'no-such-package'), /: not found \(.*no-such-package/)
  t.match(
    await problemOf(t, { 'p.mjs': "import './gone.mjs'" }),
    /: it imports a file that does not exist \(.*DIR\/gone\.mjs/,
  )
  t.match(
    await problemOf(t, { 'p.mjs': "import 'no-such-package/part'" }),
    /: it needs the package "no-such-package", which is not installed there \(.*\): npm install no-such-package$/,
  )
})

t.test('a syntax error has its file, line and column', async (t) => {
  const cases: [what: string, files: Readonly<Record<string, string>>, place: string][] = [
    ['an ES module', { 'p.mjs': 'let x = 1\n  let x = 2\nexport {}\n' }, 'p.mjs:2:7'],
    ['one that ends too early', { 'p.mjs': '\nexport default ((' }, 'p.mjs:2'],
    ['a CommonJS module', { 'p.cjs': 'let x = 1\n\tlet x = 2\n' }, 'p.cjs:2:6'],
    ['TypeScript', { 'p.ts': 'const x: number = 1\nexport default { x: = 1 }\n' }, 'p.ts:2:21'],
    ['TypeScript that ends too early', { 'p.ts': 'export default {' }, 'p.ts:1'],
    ['TypeScript that is more than types', { 'p.ts': '\nenum A { B }\n' }, 'p.ts:2:1'],
    ['an error beside the types', { 'p.ts': 'let x: number = 1\nlet x: number = 2\nexport {}' }, 'p.ts:2:5'],
    ['an import of what is not exported', { 'p.mjs': "import { no } from './q.mjs'", 'q.mjs': '' }, 'p.mjs:1:10'],
  ]
  for (const [what, files, place] of cases) {
    const problem = await problemOf(t, files)
    t.match(problem, /could not be loaded: SyntaxError: /, what)
    t.ok(problem.endsWith(` (DIR/${place})`), `${what}: ${problem}`)
  }
})

t.test('a syntax error in a file that the plugin imports is shown without a place', async (t) => {
  const problem = await problemOf(t, { 'p.mjs': "import './q.mjs'", 'q.mjs': 'export default ((' })
  t.match(problem, /SyntaxError: Unexpected end of input$/)
})

t.test('an ES module that a package.json makes CommonJS is told from a syntax error', async (t) => {
  const cases: [file: string, text: string, renamed: string][] = [
    ['p.ts', "import { reply } from 'weir'\nexport default reply", 'p.mts'],
    ['p.js', `export default ${FACTORY}`, 'p.mjs'],
  ]
  for (const [file, text, renamed] of cases) {
    t.match(
      await problemOf(t, { [file]: text, 'package.json': '{"type":"commonjs"}' }),
      `it is an ES module, but DIR/package.json says "type": "commonjs". Say "type": "module" there, or name the file ${renamed}`,
    )
    t.match(
      await problemOf(t, { [renamed]: `export default ${FACTORY}`, 'package.json': '{"type":"commonjs"}' }),
      'none',
    )
  }
  t.match(
    await problemOf(t, { 'p.js': 'module.exports = 1 1', 'package.json': '{"type":"commonjs"}' }),
    /SyntaxError: Unexpected number/,
  )
})

t.test('every plugin that fails is named', async (t) => {
  const plugins = ['./a.mjs', './b.mjs'].map((specifier, i) => ({ specifier, at: ['plugins', i] }))
  const error = await loadPlugins(plugins, await folder(t)).catch((thrown: unknown) => thrown)
  t.match(error, { problems: [{ message: '"./a.mjs"' }, { message: '"./b.mjs"', path: ['plugins', 1] }] })
})
