import { findSourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isError, propertyOf, safely } from '../base/error-text.ts'

/** Names of filters, by the file of the module that exports them. */
const origins = new Map<string, readonly string[]>()

/** Notes which filters a module exports, so that `filterOf` recognizes errors of its code. */
export function rememberOrigin(url: string, filters: readonly string[]): void {
  if (!url.startsWith('file:')) return
  for (const file of [fileURLToPath(url), ...sourcesOf(url)]) origins.set(file, filters)
}

/** What a module was compiled from. Stacks name these files if the module has a source map, which may have mistakes. */
function sourcesOf(url: string): string[] {
  const sources: unknown = safely(() => findSourceMap(fileURLToPath(url))?.payload.sources)
  if (!Array.isArray(sources)) return []
  return sources
    .map((source: unknown) => safely(() => fileURLToPath(new URL(String(source), url))))
    .filter((file) => file !== undefined)
}

/** A filter of this package: `filters/<name>/…`. */
const BUILT_IN = /[\\/]filters[\\/]([a-z][a-z0-9-]*)[\\/][\w.-]+\.[jt]s:\d+:\d+\)?$/

/** Frames of a stack that are looked at, and how many characters of them. */
const MOST_FRAMES = 32
const MOST_CHARACTERS = 32 * 1024

/**
 * The filter whose code threw an error: the innermost frame of its stack that is in a filter's file decides. Undefined if there
 * is none, or if that file exports several filters. It never throws, whatever was thrown, and its time is bounded.
 */
export function filterOf(error: unknown): string | undefined {
  const stack = isError(error) ? propertyOf(error, 'stack') : undefined
  if (typeof stack !== 'string') return undefined
  for (const line of framesOf(stack, propertyOf(error, 'message'))) {
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

/** The lines after the message, which may have megabytes, or lines that look like frames. */
function framesOf(stack: string, message: unknown): string[] {
  const start = stack.slice(0, 256).indexOf(': ') + 2
  const named = typeof message === 'string' && message !== '' && stack.startsWith(message, start)
  const end = named ? start + message.length : 0
  return stack
    .slice(end, end + MOST_CHARACTERS)
    .split('\n')
    .slice(1, MOST_FRAMES)
}
