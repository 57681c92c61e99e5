import { dirname, resolve } from 'node:path'
import type { Path } from '../../core/control/config-error.ts'
import { BROKEN, isMapping } from '../document/plain-data.ts'

/** Names of options that name files. What they hold is not read here: a plugin's option of another name does no harm either. */
const FILE_OPTION = /(?:^|_)(?:file|files|folder|folders|directory|dir)$/

/** The files that somebody from outside may name: what others hold must not show in messages, nor whether they exist. */
export class KnownFiles {
  readonly #folder: string
  readonly #paths: ReadonlySet<string>

  /**
   * @param main name of the main document: relative paths start at its folder
   * @param paths absolute; folders may end with a slash
   */
  constructor(main: string, paths: Iterable<string>) {
    this.#folder = dirname(resolve(main))
    this.#paths = new Set(paths)
  }

  has(path: string): boolean {
    const absolute = resolve(this.#folder, path)
    return this.#paths.has(absolute) || this.#paths.has(`${absolute}/`)
  }
}

/** The places of options that name files which are not known. @param path of the value */
export function* newFiles(value: unknown, path: Path, known: Pick<KnownFiles, 'has'>): Iterable<Path> {
  if (value === BROKEN) return
  const key = path.findLast((step) => typeof step === 'string')
  if (typeof value === 'string') {
    if (FILE_OPTION.test(String(key)) && !known.has(value)) yield path
  } else if (Array.isArray(value)) {
    for (const [i, item] of (value as unknown[]).entries()) yield* newFiles(item, [...path, i], known)
  } else if (isMapping(value)) {
    for (const [name, item] of Object.entries(value)) yield* newFiles(item, [...path, name], known)
  }
}

/** The values of options that name files. */
export function filesIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return FILE_OPTION.test(key) ? [value] : []
  if (Array.isArray(value)) return (value as unknown[]).flatMap((item) => filesIn(item, key))
  return isMapping(value) ? Object.entries(value).flatMap(([name, item]) => filesIn(item, name)) : []
}
