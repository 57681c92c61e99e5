// The second public door: each name has its contract beside it, and the examples compile.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'
import { tsc } from '../support/public-api.ts'

const root = resolve(import.meta.dirname, '../..')
const core = join(root, 'core')

interface Exported {
  readonly name: string
  readonly doc: string
  readonly isValue: boolean
}

/** What a door exports, by its text, and how it is declared where it comes from. */
function exportsOf(door: string): Exported[] {
  const clauses = readFileSync(join(core, door), 'utf8').matchAll(/^export (type )?\{([^}]*)\} from '([^']+)'/gm)
  return Array.from(clauses, ([, type, list, file]) =>
    list!
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .map((entry): Exported => {
        const name = entry.replace(/^type /, '')
        const text = readFileSync(join(core, file!), 'utf8')
        const declared = `export (?:async )?(?:function|class|const|interface|type) ${name}\\b`
        const [, doc = ''] =
          new RegExp(`(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)\\n(?:// biome-ignore [^\\n]*\\n)?${declared}`).exec(text) ?? []
        return { name, doc, isValue: type === undefined && entry === name }
      }),
  ).flat()
}

const all = exportsOf('testing.ts')

/** Examples in fenced blocks of a comment. */
const examplesOf = ({ doc }: Exported): string[] =>
  Array.from(doc.replaceAll(/^ \* ?/gm, '').matchAll(/^```ts\n([\s\S]*?)^```/gm), ([, code]) => code!)

/** Small parts whose use another example shows. */
const SHOWN_ELSEWHERE = ['attempt', 'outcome', 'targetOf', 'specOf', 'DEFAULT_CHAIN', 'MemoryMeter', 'RecordingLogger']

/** Specifiers of static and dynamic imports. */
const importsOf = (text: string): string[] =>
  Array.from(text.matchAll(/(?:from|import)\s*\(?\s*['"`]([^'"`]+)['"`]/g), ([, specifier]) => specifier!)

const sources = ['core', 'filters', 'plugins', 'config'].flatMap((part) =>
  readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(part, name)),
)
const isKit = (file: string): boolean => file.startsWith('core/testing')

t.test('nothing that serves requests loads it, and it works with any test framework', async (t) => {
  const imports = sources.flatMap((file) =>
    importsOf(readFileSync(join(root, file), 'utf8')).map((specifier) => ({ file, specifier })),
  )
  const from = ({ file, specifier }: (typeof imports)[number]): string =>
    specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier
  t.strictSame(
    imports.filter((one) => !isKit(one.file) && (isKit(from(one)) || from(one) === 'weir/testing')),
    [],
  )
  const frameworks = ['tap', 'node:test', 'vitest', 'node:assert', 'node:assert/strict']
  t.strictSame(
    imports.filter((one) => isKit(one.file) && frameworks.includes(from(one))),
    [],
  )
})

t.test('every name is documented where it is defined', async (t) => {
  t.ok(all.length > 40, `${all.length} names`)
  t.strictSame(
    all.filter(({ doc }) => doc === '').map(({ name }) => name),
    [],
  )
})

t.test('every value has an example', async (t) => {
  const values = all.filter(({ name, isValue }) => isValue && !SHOWN_ELSEWHERE.includes(name))
  t.strictSame(
    values.filter((one) => examplesOf(one).length === 0).map(({ name }) => name),
    [],
  )
})

/** What the examples use without declaring it. */
const CONTEXT = `
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange, FilterFactory, Filter } from '../../core/index.ts'
import * as testing from '../../core/testing.ts'
declare const [tenant, breaker]: [FilterFactory, FilterFactory]
declare const upstream: { url: string }
declare const readings: testing.MetricReading[]
declare let filter: { request(x: Exchange): unknown; response(x: Exchange): unknown }
`

t.test('every example compiles', async (t) => {
  const parent = resolve(core, '../.tap')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'examples-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const values = all.filter(({ isValue }) => isValue).map(({ name }) => name)
  const blocks = all.flatMap((one) =>
    examplesOf(one).map((code) => `// ${one.name}\nvoid async function () {\n${code}}\n`),
  )
  t.ok(blocks.length >= 10, `${blocks.length} examples`)
  const file = join(folder, 'examples.ts')
  writeFileSync(file, [CONTEXT, `import { ${values.join(', ')} } from '../../core/testing.ts'`, ...blocks].join('\n'))
  t.doesNotThrow(() => tsc(['--noEmit', '--verbatimModuleSyntax', 'false', file]))
})
