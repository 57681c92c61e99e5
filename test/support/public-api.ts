// What the public door, core/index.ts, declares: read from the declaration files that tsc writes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** The file that holds the declarations, by its path in the repository. */
export const API_FILE = 'test/core/index.api.txt'

/** One declared name; overloads are one declaration. */
export interface Declaration {
  readonly name: string
  /** The comment before it, or undefined. */
  readonly doc: string | undefined
  /** The declaration with the comments in it. */
  readonly text: string
}

export interface PublicApi {
  /** What core/index.ts exports, by name. */
  readonly exported: ReadonlyMap<string, Declaration>
  /** What those declarations mention and core/index.ts does not export, by name. */
  readonly mentioned: ReadonlyMap<string, Declaration>
}

/** Runs tsc on core/index.ts. `@internal` members are left out. */
export function readPublicApi(): PublicApi {
  const folder = mkdtempSync(join(tmpdir(), 'weir-api-'))
  try {
    tsc(['--declaration', '--emitDeclarationOnly', '--stripInternal', '--outDir', folder, 'core/index.ts'])
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.d.ts'))
    const declared = new Map<string, Declaration[]>()
    for (const file of files)
      for (const one of declarationsOf(readFileSync(join(folder, file), 'utf8')))
        declared.set(one.name, [...(declared.get(one.name) ?? []), one])
    const names = exportsOf(readFileSync(join(folder, 'index.d.ts'), 'utf8'))
    return sorted(names, declared)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The declarations without comments, one section per name, in alphabetical order. */
export function apiText({ exported, mentioned }: PublicApi): string {
  const section = (title: string, { text }: Declaration): string => `\n## ${title}\n${withoutComments(text)}\n`
  return [
    '# What core/index.ts exports. Written by "npm run generate"; a changed line needs a line in CHANGELOG.md.\n',
    ...Array.from(exported, ([name, one]) => section(name, one)),
    ...Array.from(mentioned, ([name, one]) => section(`${name} (not exported)`, one)),
  ].join('')
}

/** Runs tsc with the project's options. @throws Error with what tsc printed */
export function tsc(args: readonly string[]): void {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: Record<string, unknown>
  }
  const { noEmit: _, ...options } = compilerOptions
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    // Not bin/tsc: without an extension it does not load in a process that tap has set up.
    [join(root, 'node_modules/typescript/lib/tsc.js'), '--ignoreConfig', ...flags, ...args],
    { cwd: root, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${stdout}${stderr}`)
}

const STATEMENT = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const|let) (\w+)/

/** Top-level declarations of a file that tsc wrote. */
function declarationsOf(file: string): Declaration[] {
  const all: Declaration[] = []
  let doc: string[] = []
  let statement: string[] = []
  let inComment = false
  let depth = 0
  for (const line of file.split('\n')) {
    const comment = inComment || line.trimStart().startsWith('/*')
    if (comment) inComment = !line.includes('*/')
    else {
      depth += line.split('{').length - line.split('}').length
      if (statement.length === 0 && line === '') continue
    }
    if (comment && statement.length === 0) doc.push(line)
    else statement.push(line)
    if (comment || depth > 0 || !/[;}]$/.test(line)) continue
    const text = statement.join('\n')
    const name = STATEMENT.exec(text)?.[1]
    if (name !== undefined) all.push({ name, doc: doc.length === 0 ? undefined : doc.join('\n'), text })
    doc = []
    statement = []
  }
  return all
}

/** Names in the export clauses of a file. */
const exportsOf = (index: string): string[] =>
  Array.from(index.matchAll(/^export (?:type )?\{([^}]*)\}/gm), ([, list]) => list!.split(','))
    .flat()
    .map((entry) => entry.trim().replace(/^type /, ''))
    .filter((entry) => entry !== '')

function sorted(names: readonly string[], declared: ReadonlyMap<string, readonly Declaration[]>): PublicApi {
  const declarationOf = (name: string): Declaration => {
    const found = declared.get(name)
    if (found === undefined) throw new Error(`core/index.ts exports "${name}", which no declaration file declares`)
    const [first] = found
    return { name, doc: first!.doc, text: found.map(({ text }) => text).join('\n') }
  }
  const exported = new Map(names.toSorted().map((name) => [name, declarationOf(name)]))
  const mentioned = new Map<string, Declaration>()
  const waiting = [...exported.values()]
  for (const { text } of waiting)
    for (const [word] of withoutComments(text).matchAll(/\b[A-Za-z]\w*\b/g)) {
      if (exported.has(word) || mentioned.has(word) || !declared.has(word)) continue
      mentioned.set(word, declarationOf(word))
      waiting.push(mentioned.get(word)!)
    }
  return { exported, mentioned: new Map([...mentioned].toSorted(([a], [b]) => (a < b ? -1 : 1))) }
}

const withoutComments = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*(?:#private;)?\n/gm, '')
    .replaceAll(/[ \t]+$/gm, '')
