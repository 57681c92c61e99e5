import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire, findPackageJSON, registerHooks } from 'node:module'
import { basename, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FilterFactory } from '../api/filter-factory.ts'
import { errorText, isError, propertyOf, safely, shorten } from '../base/error-text.ts'
import type { FileDigests } from '../base/file-digests.ts'
import { maskText } from '../base/masking.ts'
import { withTimeLimit } from '../base/time-limit.ts'
import { ConfigError, type Path, type Problem } from '../control/config-error.ts'
import type { PluginCode } from '../control/plugin-code.ts'
import { rememberOrigin } from '../observe/error-origin.ts'
import { checkFactory } from './factory-check.ts'
import { closeImport, codeAt, followImport, loadedSource, resolved } from './loaded-code.ts'

/** A plugin as the configuration names it. */
export interface PluginSpec {
  /** `./file.ts`, relative to the configuration file, or the name of an npm package. */
  readonly specifier: string
  readonly at: Path
}

/** The doors of the engine that runs: TypeScript in a checkout, JavaScript where it was built. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const DOORS: ReadonlyMap<string, string> = new Map([
  ['weir', new URL(`../index.${EXTENSION}`, import.meta.url).href],
  ['weir/testing', new URL(`../testing.${EXTENSION}`, import.meta.url).href],
])
let hooked = false

/** How long a module may take to load: a top-level `await` that never settles would block this load and every later one. */
const IMPORT_MS = 10_000

/** Lets a plugin anywhere `import 'weir'`: it gets the engine that runs it, not another copy. Notes the code of plugins. */
function hookImports(): void {
  if (hooked) return
  hooked = true
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = DOORS.get(specifier)
      if (url !== undefined) return { url, shortCircuit: true }
      const found = next(specifier, context)
      resolved(specifier, context.parentURL, found.url)
      return found
    },
    load: (url, context, next) => {
      const module = next(url, context)
      loadedSource(url, module.source)
      return module
    },
  })
}

/** Loads plugins and gives their filter factories with where each came from. Throws a ConfigError naming every failure. */
export async function loadPlugins(
  plugins: readonly PluginSpec[],
  baseDir: string,
): Promise<[factory: FilterFactory, origin: string][]> {
  if (plugins.length > 0) hookImports()
  const problems: Problem[] = []
  const loaded: [FilterFactory, string][] = []
  for (const { specifier, at } of plugins) {
    let url = ''
    try {
      url = locate(specifier, baseDir)
      followImport(url)
      const module = await withTimeLimit(IMPORT_MS, 'its import', import(url) as Promise<Record<string, unknown>>)
      closeImport(url)
      const factories = factoriesOf(module)
      rememberOrigin(
        url,
        factories.map(({ name }) => name),
      )
      for (const factory of factories) loaded.push([factory, specifier])
    } catch (error) {
      const shown = maskText(specifier)
      // What a module throws may be unreadable in any way.
      const why = (await explain(error, url).catch(() => errorText(error))).replaceAll(specifier, () => shown)
      problems.push({ path: at, message: `the plugin "${shown}" could not be loaded: ${why}` })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return loaded
}

/** The code of plugins as this process has loaded it. Those that it has not are left out. */
export function loadedCode(plugins: readonly PluginSpec[], baseDir: string): PluginCode {
  const code = new Map<string, FileDigests>()
  for (const { specifier } of plugins) {
    const files = safely(() => codeAt(locate(specifier, baseDir)))
    if (files !== undefined) code.set(specifier, files)
  }
  return code
}

function locate(specifier: string, baseDir: string): string {
  if (/^\.{0,2}\//.test(specifier)) return pathToFileURL(resolve(baseDir, specifier)).href
  return pathToFileURL(createRequire(resolve(baseDir, 'weir.yaml')).resolve(specifier)).href
}

/** The factories that a module exports: its default export, one or a list. */
function factoriesOf(module: Record<string, unknown>): FilterFactory[] {
  const exported = module.default
  if (exported === undefined) throw new Error('it has no default export; export default defineFilter({ … })')
  const factories = Array.isArray(exported) ? (exported as unknown[]) : [exported]
  return factories.map((factory) => checkFactory(factory))
}

async function explain(error: unknown, url: string): Promise<string> {
  const message = errorText(error)
  const code = propertyOf(error, 'code')
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return 'Node strips types only outside node_modules: an npm package must ship JavaScript'
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return missing(error, message.split('\n')[0]!, url)
  if (!isError(error)) return message
  const unreadable = error instanceof SyntaxError || code === 'ERR_REQUIRE_CYCLE_MODULE'
  const scope = unreadable ? commonJsScope(url) : undefined
  if (scope !== undefined)
    return `it is an ES module, but ${scope} says "type": "commonjs". Say "type": "module" there, or name the file ${asModule(url)}`
  const place = error instanceof SyntaxError ? (placeIn(error.stack ?? '') ?? (await check(url, message))) : undefined
  const name = propertyOf(error, 'name')
  const kind = typeof name === 'string' ? shorten(name, 100) : 'Error'
  return `${message === kind ? kind : `${kind}: ${message}`}${place === undefined ? '' : ` (${place})`}`
}

/**
 * What is missing: the plugin, or what it imports.
 * @param url of the plugin; empty if it could not be resolved
 */
function missing(error: unknown, message: string, url: string): string {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? []
  if (url === '')
    return `not found (${message}): install it beside the configuration, or begin the name of a file with ./`
  if (name !== undefined)
    return `it needs the package "${name}", which is not installed there (${message}): npm install ${name}`
  const file = propertyOf(error, 'url')
  // Where Node names the importer, that is this module.
  if (file === url) return `not found: there is no file ${fileURLToPath(url)}`
  return typeof file === 'string' ? `it imports a file that does not exist (${message})` : `not found (${message})`
}

/**
 * The package.json by which Node takes a file for CommonJS although it is an ES module. `npm init` writes one. The error
 * does not tell: it depends on the loaders of the process.
 */
function commonJsScope(url: string): string | undefined {
  const scope = /\.[jt]s$/.test(url) ? findPackageJSON(url) : undefined
  // Where there is none, Node gives the file itself.
  if (scope === undefined || basename(scope) !== 'package.json') return undefined
  if (!/^(?:import|export)\b/m.test(readFileSync(new URL(url), 'utf8'))) return undefined
  return (JSON.parse(readFileSync(scope, 'utf8')) as { type?: unknown }).type === 'commonjs' ? scope : undefined
}

/** The name by which a file is an ES module whatever its package.json says. */
const asModule = (url: string): string => basename(fileURLToPath(url)).replace(/(?=[jt]s$)/, 'm')

/** Where a syntax error is, if the text begins as Node shows one: `file:line`, the code, and carets below it. */
function placeIn(text: string): string | undefined {
  const [, file, line] = /^(?!\w*Error)(\S.*):(\d+)\n/.exec(text) ?? []
  if (file === undefined) return undefined
  const indent = /\n([ \t]*)\^+\n/.exec(text)?.[1]
  const column = indent === undefined ? '' : `:${indent.length + 1}` // none at the end of a file
  return `${file.startsWith('file:') ? fileURLToPath(file) : file}:${line}${column}`
}

/** Where an ES module has that syntax error: in the process Node keeps the place to itself, and `--check` shows it. */
function check(url: string, message: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(process.execPath, ['--check', fileURLToPath(url)], (_error, _stdout, stderr) =>
      done(stderr.includes(`SyntaxError: ${message}\n`) ? placeIn(stderr) : undefined),
    )
  })
}
