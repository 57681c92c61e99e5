import type { Path } from '../../core/control/config-error.ts'
import type { ConfigFile, Position } from './config-file.ts'
import { formatPath } from './format-path.ts'
import type { PlacedProblem } from './placed-problem.ts'
import { isSecretPath } from './secret-path.ts'
import { hasReference, shownReference } from './shown-reference.ts'

/** The place of a value or a problem: a file, a position in it if there is one, and the path within that file. */
export interface Place extends Partial<Position> {
  readonly file: string
  readonly path: Path
}

/** Items of a list that is put together from several files: those of one file. */
interface Run {
  readonly file: ConfigFile
  readonly start: number
}

/** The files of a configuration as one document. Finds the file and the place of each path. */
export class ConfigDocument {
  readonly main: ConfigFile
  readonly files: ConfigFile[]
  readonly #owners = new Map<string | number, ConfigFile>()
  readonly #lists = new Map<string | number, Run[]>()

  constructor(main: ConfigFile) {
    this.main = main
    this.files = [main]
  }

  /** Adds an included file. */
  add(file: ConfigFile): void {
    this.files.push(file)
  }

  /** Notes that this file has a top-level key. */
  own(key: string, file: ConfigFile): void {
    this.#owners.set(key, file)
  }

  /** Notes that this file has the items of a top-level list from `start` on. */
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

  /** The place of a problem. */
  place(problem: PlacedProblem): Place {
    const { position } = problem
    if (position !== undefined) return { file: this.main.name, ...position, path: problem.path }
    const local = this.#local(problem.path)
    return { file: local.file.name, ...local.file.locate(local.path), path: local.path }
  }

  /** `file:line:col path: message`, without the parts that are not known. */
  format(problem: PlacedProblem): string {
    const { line, path } = this.place(problem)
    const where = this.#position(problem)
    const named = formatPath(path)
    if (named !== '') return `${where} ${named}: ${this.message(problem)}`
    return line === undefined ? `${where}: ${this.message(problem)}` : `${where} ${this.message(problem)}`
  }

  /** The message of a problem, with the value that was found, the second place, and the place of the use. */
  message({ message, found, path, other, usedAt }: PlacedProblem): string {
    const text = found === undefined ? message : `${message}, found ${this.found(path, found)}`
    const second = other === undefined ? '' : `; the other is at ${this.#position({ path: other, message })}`
    const use = usedAt === undefined ? '' : ` (used at ${this.#position({ path: usedAt, message })})`
    return `${text}${second}${use}`
  }

  /** `file:line:col`, or the file alone. */
  #position(problem: PlacedProblem): string {
    const { file, line, col } = this.place(problem)
    return line === undefined ? file : `${file}:${line}:${col}`
  }

  /**
   * The value at a path as a message may show it. A value from the environment or from a file may be a secret: the
   * reference is shown instead.
   * @param value the text that `show` makes of it
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
