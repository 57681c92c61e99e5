import { findSourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Names of filters, by the file of the module that exports them. */
const origins = new Map<string, readonly string[]>()

/** Notes which filters a module exports, so that `filterOf` recognizes errors of its code. */
export function rememberOrigin(url: string, filters: readonly string[]): void {
  if (!url.startsWith('file:')) return
  for (const file of [url, ...sourcesOf(url)]) origins.set(fileURLToPath(file), filters)
}

/** What a module was compiled from. Stacks name these files if the module has a source map. */
function sourcesOf(url: string): string[] {
  const sources = findSourceMap(fileURLToPath(url))?.payload.sources ?? []
  return sources.map((source) => new URL(source, url).href).filter((source) => source.startsWith('file:'))
}

/** A filter of this package: `filters/<name>/…`. */
const BUILT_IN = /[\\/]filters[\\/]([a-z][a-z0-9-]*)[\\/][\w.-]+\.[jt]s:\d+:\d+\)?$/

/**
 * The filter whose code threw an error: the innermost frame of its stack that is in a filter's file decides. Undefined if there
 * is none, or if that file exports several filters.
 */
export function filterOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack : undefined
  if (typeof stack !== 'string') return undefined
  for (const line of stack.split('\n').slice(1, 32)) {
    const built = BUILT_IN.exec(line)
    if (built !== null) return built[1]
    for (const [file, names] of origins) {
      // Node shows a module as a path or as a URL, depending on how it was loaded.
      if (line.includes(`${file}:`) || line.includes(`${encodeURI(file)}:`))
        return names.length === 1 ? names[0] : undefined
    }
  }
  return undefined
}
