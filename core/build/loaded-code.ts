import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { safely } from '../base/error-text.ts'
import { digestOf, type FileDigests } from '../base/file-digests.ts'

/** Beyond this a file is not compared; bytes. `FileCheck` reads no larger ones. */
const MOST_BYTES = 10 * 1024 * 1024

/** A file of a plugin, as Node has loaded it. Node keeps it as long as the process lives. */
interface LoadedFile {
  /** By which the plugin names it: there may be links in it, as in the folders that Kubernetes mounts. */
  readonly path: string
  /** Of the bytes that were loaded; undefined: not loaded since the plugin is known, or too large. */
  digest: string | undefined
  /** URLs of the files that it has imported by a path. */
  readonly imports: Set<string>
}

/** By the URL by which Node knows it. */
const loaded = new Map<string, LoadedFile>()
/** The first file of each plugin: the URL by which Node knows it, by the one under which it is imported. */
const firsts = new Map<string, string | undefined>()
const complete = new Map<string, FileDigests>()

/** Before a plugin is imported: notes its files as Node loads them. */
export function followImport(url: string): void {
  if (!firsts.has(url)) firsts.set(url, undefined)
}

/** After a plugin was imported: what it imports later is not of its code. */
export function closeImport(url: string): void {
  if (!complete.has(url)) complete.set(url, filesFrom(firsts.get(url)))
}

/** Digests of the files of a plugin when they were loaded, by path; undefined: it was not imported. */
export const codeAt = (url: string): FileDigests | undefined => complete.get(url)

/** Node has resolved an import. */
export function resolved(specifier: string, importer: string | undefined, url: string): void {
  if (!url.startsWith('file:')) return
  if (firsts.has(specifier)) {
    firsts.set(specifier, url)
    note(url, fileURLToPath(specifier))
  }
  const from = importer === undefined ? undefined : loaded.get(importer)
  if (from === undefined || !/^(?:\.{0,2}\/|file:)/.test(specifier)) return
  note(url, pathOf(url, from.path, importer!))
  from.imports.add(url)
}

/** Node has loaded a module. @param source as the hook `load` has it */
export function loadedSource(url: string, source: unknown): void {
  const file = loaded.get(url)
  if (file === undefined) return
  const bytes =
    typeof source === 'string' || source instanceof Uint8Array
      ? Buffer.from(source)
      : safely(() => readFileSync(new URL(url)))
  file.digest = bytes === undefined || bytes.length > MOST_BYTES ? undefined : digestOf(bytes)
}

function note(url: string, path: string): void {
  if (!loaded.has(url)) loaded.set(url, { path, digest: undefined, imports: new Set() })
}

/** A path beside the importer's, if that leads to the same file: Node itself knows no links. */
function pathOf(url: string, importerPath: string, importer: string): string {
  const real = fileURLToPath(url)
  const path = join(dirname(importerPath), relative(dirname(fileURLToPath(importer)), real))
  try {
    return realpathSync(path) === real ? path : real
  } catch {
    return real
  }
}

function filesFrom(first: string | undefined): FileDigests {
  const digests = new Map<string, string>()
  const urls = new Set(first === undefined ? [] : [first])
  // Those that are added meanwhile have their turn, too.
  for (const url of urls) {
    const { path, digest, imports } = loaded.get(url)!
    if (digest !== undefined) digests.set(path, digest)
    for (const imported of imports) urls.add(imported)
  }
  return digests
}
