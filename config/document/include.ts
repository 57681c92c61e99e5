import { show } from '../../core/base/show.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { ConfigDocument } from './config-document.ts'
import type { ConfigFile } from './config-file.ts'
import { BROKEN, isMapping } from './plain-data.ts'
import type { Problems } from './problems.ts'

/** A file that another includes. */
export interface Included {
  readonly file: ConfigFile
  /** Its plain data; undefined if it could not be read, which is reported. */
  readonly raw: unknown
}

/** Lists that may stand in several files: their items are put together. Every other key stands in one. */
const LISTS = ['endpoints', 'plugins']

const AT: Path = ['include']

/** The patterns that the main file includes. */
export function readPatterns(raw: unknown, problems: Problems): { pattern: string; at: Path }[] {
  const said = isMapping(raw) ? raw.include : undefined
  if (said === undefined || said === null || said === BROKEN) return []
  const list: readonly unknown[] = Array.isArray(said) ? said : [said]
  return list.flatMap((pattern, i) => {
    const at = Array.isArray(said) ? [...AT, i] : AT
    if (typeof pattern === 'string' && pattern !== '') return [{ pattern, at }]
    if (pattern !== BROKEN)
      problems.error(at, `expected a file or a pattern such as conf.d/*.yaml, found ${problems.found(at, pattern)}`)
    return []
  })
}

/** The files' plain data as one document. Tells `document` what stands where. */
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
      // Not the text: it may be a whole secret, taken for a configuration.
      const found = typeof raw === 'string' ? 'a text' : show(raw)
      problems.error([], `expected a mapping, such as "endpoints: […]"; found ${found}`, { file: file.name })
      continue
    }
    for (const [key, value] of Object.entries(raw)) {
      const at = { file: file.name, ...file.locate([key]) }
      if (key === 'include') problems.error([key], 'only the main file can include others', at)
      else if (LISTS.includes(key) && isAppendable(merged[key]) && isAppendable(value)) {
        const before = (merged[key] as readonly unknown[] | undefined | null) ?? []
        document.continue(key, file, before.length)
        merged[key] = [...before, ...((value as readonly unknown[] | null) ?? [])]
      } else if (owners.has(key)) {
        const other = owners.get(key)!
        const line = other.locate([key])?.line
        problems.error([key], `${show(key)} stands in ${other.name} too (line ${line}): keep one of them`, at)
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
