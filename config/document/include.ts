import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { ConfigDocument } from './config-document.ts'
import type { ConfigFile } from './config-file.ts'
import { BROKEN, isMapping } from './plain-data.ts'
import type { Problems } from './problems.ts'

/** An included file. */
export interface Included {
  readonly file: ConfigFile
  /** Its plain data; undefined if it could not be read, which is reported. */
  readonly raw: unknown
}

/** Lists whose items may come from several files. Every other key is in one file only. */
const LISTS = ['endpoints', 'plugins']

const AT: Path = ['include']

/** The patterns that the main file includes. */
export function readPatterns(raw: unknown, problems: Problems): { pattern: string; at: Path }[] {
  const patterns = isMapping(raw) ? raw.include : undefined
  if (patterns === undefined || patterns === null || patterns === BROKEN) return []
  const list: readonly unknown[] = Array.isArray(patterns) ? patterns : [patterns]
  return list.flatMap((pattern, i) => {
    const at = Array.isArray(patterns) ? [...AT, i] : AT
    if (typeof pattern === 'string' && pattern !== '') return [{ pattern, at }]
    if (pattern !== BROKEN)
      problems.error(at, `expected a file or a pattern such as conf.d/*.yaml, found ${problems.found(at, pattern)}`)
    return []
  })
}

/** Merges the plain data of all files. Notes in `document` which file has what. */
export function mergeFiles(
  main: unknown,
  included: readonly Included[],
  document: ConfigDocument,
  problems: Problems,
): unknown {
  if (!isMapping(main) || included.length === 0) return main
  const merged: Record<string, unknown> = { ...main }
  for (const key of LISTS) if (Object.hasOwn(main, key)) document.continue(key, document.main, 0)
  const owners = new Map(Object.keys(main).map((key) => [key, document.main]))
  for (const { file, raw } of included) {
    if (raw === undefined || raw === null || raw === BROKEN) continue
    if (!isMapping(raw)) {
      // The text is not shown: the file may hold a secret and be included by mistake.
      const found = typeof raw === 'string' ? 'a text' : show(raw)
      problems.error([], `expected a mapping, such as "endpoints: […]"; found ${found}`, { file: file.name })
      continue
    }
    for (const [key, value] of Object.entries(raw)) {
      const at = { file: file.name, ...file.locate([key]) }
      if (key.startsWith('x-')) continue // ignored, in each file
      if (key === 'include') problems.error([key], 'only the main file can include others', at)
      else if (LISTS.includes(key) && isAppendable(merged[key]) && isAppendable(value)) {
        const before = (merged[key] as readonly unknown[] | undefined | null) ?? []
        document.continue(key, file, before.length)
        merged[key] = [...before, ...((value as readonly unknown[] | null) ?? [])]
      } else if (owners.has(key)) {
        const other = owners.get(key)!
        const line = other.locate([key])?.line
        problems.error([key], `${show(key)} is in ${other.name} too (line ${line}): keep one of them`, at)
      } else {
        owners.set(key, file)
        document.own(key, file)
        merged[key] = value
      }
    }
  }
  return merged
}

const isAppendable = (value: unknown): boolean => value === undefined || value === null || Array.isArray(value)
