import type { ConfigProblem } from '../../core/control/config-control.ts'
import { ConfigError } from '../../core/control/config-error.ts'
import type { ConfigDocument } from './config-document.ts'
import { formatPath } from './format-path.ts'
import type { PlacedProblem } from './placed-problem.ts'

/**
 * A configuration that can't be loaded. `problems` holds all that is wrong; `message` has one line per problem,
 * `file:line:col path: message`.
 */
export class LocatedConfigError extends ConfigError {
  readonly document: ConfigDocument

  constructor(problems: readonly PlacedProblem[], document: ConfigDocument) {
    super(problems)
    this.name = 'LocatedConfigError'
    this.document = document
    this.message = problems.map((problem) => document.format(problem)).join('\n')
  }
}

/** A problem with its place, as plain data. */
export function plainProblem(problem: PlacedProblem, document: ConfigDocument): ConfigProblem {
  const { path, file, line, col } = document.place(problem)
  const message = document.message(problem)
  return { file, ...(line === undefined ? {} : { line, col }), path: formatPath(path), message }
}
