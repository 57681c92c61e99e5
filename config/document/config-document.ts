import type { Path } from '../../core/control/config-error.ts'
import type { ConfigFile, Position } from './config-file.ts'
import { formatPath } from './format-path.ts'
import type { PlacedProblem } from './placed-problem.ts'
import { isSecretPath } from './secret-path.ts'
import { hasReference, shownReference } from './shown-reference.ts'

/** Where something stands: a file, a position in it if it has one, and the path as that file has it. */
export interface Place extends Partial<Position> {
  readonly file: string
  readonly path: Path
}

/** A run of items of a list that comes from several files. */
interface Run {
  readonly file: ConfigFile
  readonly start: number
}

/** The configuration's files as one document: answers in which of them a path stands, and where. */
export class ConfigDocument {
  readonly main: ConfigFile
  readonly files: ConfigFile[]
  readonly #owners = new Map<string | number, ConfigFile>()
  readonly #lists = new Map<string | number, Run[]>()

  constructor(main: ConfigFile) {
    this.main = main
    this.files = [main]
  }

  /** A file beside the main one. */
  add(file: ConfigFile): void {
    this.files.push(file)
  }

  /** A top-level key stands in this file. */
  own(key: string, file: ConfigFile): void {
    this.#owners.set(key, file)
  }

  /** The items of a top-level list from `start` on stand in this file. */
  continue(key: string, file: ConfigFile, start: number): void {
    const runs = this.#lists.get(key)
    if (runs === undefined) this.#lists.set(key, [{ file, start }])
    else runs.push({ file, start })
  }

  /** See `ConfigFile.locate`. */
  locate(path: Path): (Position & { readonly file: string }) | undefined {
    const local = this.#local(path)
    const position = local.file.locate(local.path)
    return position && { file: local.file.name, ...position }
  }

  /** See `ConfigFile.scalar`. */
  scalar(path: Path): string | undefined {
    const local = this.#local(path)
    return local.file.scalar(local.path)
  }

  /** Where a problem stands. */
  place(problem: PlacedProblem): Place {
    const { position } = problem
    if (position !== undefined) return { file: this.main.name, ...position, path: problem.path }
    const local = this.#local(problem.path)
    return { file: local.file.name, ...local.file.locate(local.path), path: local.path }
  }

  /** `file:line:col path: message`, with what is known of it. */
  format(problem: PlacedProblem): string {
    const { file, line, col, path } = this.place(problem)
    const where = line === undefined ? file : `${file}:${line}:${col}`
    const named = formatPath(path)
    if (named !== '') return `${where} ${named}: ${this.message(problem)}`
    return line === undefined ? `${where}: ${this.message(problem)}` : `${where} ${this.message(problem)}`
  }

  /** The message of a problem, with what was found. */
  message({ message, found, path }: PlacedProblem): string {
    return found === undefined ? message : `${message}, found ${this.found(path, found)}`
  }

  /**
   * What stands at a path as a message may show it. What came out of the environment or a file may be a secret: its
   * reference is shown.
   * @param value as `show` has it
   */
  found(path: Path, value: string): string {
    const written = this.scalar(path)
    const secret = isSecretPath(path)
    if (written !== undefined && hasReference(written))
      return `the value of ${JSON.stringify(shownReference(written, secret))}`
    return secret && !/^(?:nothing|an? [a-z ]+)$/.test(value) ? 'a value that is not shown' : value
  }

  #local(path: Path): { file: ConfigFile; path: Path } {
    const [key, index, ...rest] = path
    if (key === undefined) return { file: this.main, path }
    if (typeof index === 'number') {
      const run = this.#lists.get(key)?.findLast(({ start }) => start <= index)
      if (run !== undefined) return { file: run.file, path: [key, index - run.start, ...rest] }
    }
    return { file: this.#owners.get(key) ?? this.#lists.get(key)?.[0]?.file ?? this.main, path }
  }
}
