import type { ConfigProblem } from '../../core/control/config-control.ts'
import { ConfigError } from '../../core/control/config-error.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import { LocatedConfigError, plainProblem } from '../document/located-config-error.ts'
import type { PlacedProblem } from '../document/placed-problem.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { excerpt } from './excerpt.ts'

export type Severity = 'error' | 'warning' | 'notice'

/** An error, a warning or a notice, with the document that it is about. */
export interface Finding {
  readonly severity: Severity
  readonly problem: PlacedProblem
  readonly document: ConfigDocument
}

/** The style of findings for people. */
export interface Style {
  readonly colour: boolean
  /** True to show the line of the file below the message. */
  readonly excerpts: boolean
}

/** The style for a stream: colour and excerpts are for terminals only. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const terminal = stream.isTTY === true
  return { colour: terminal && !env.NO_COLOR, excerpts: terminal } // https://no-color.org: set and not empty
}

export const findings = (severity: Severity, problems: readonly PlacedProblem[], document: ConfigDocument): Finding[] =>
  problems.map((problem) => ({ severity, problem, document }))

/** The error, with the places in the document if it is a configuration error. */
export function located(error: unknown, { document }: LoadedConfig): unknown {
  return error instanceof ConfigError && !(error instanceof LocatedConfigError)
    ? new LocatedConfigError(error.problems, document)
    : error
}

/** A finding for `--json`. */
export const plainFinding = ({
  severity,
  problem,
  document,
}: Finding): ConfigProblem & { readonly severity: Severity } => ({
  severity,
  ...plainProblem(problem, document),
})

const COLOURS: Readonly<Record<Severity, number>> = { error: 31, warning: 33, notice: 36 }
const LABELS: Readonly<Record<Severity, string>> = { error: '', warning: 'warning: ', notice: 'notice: ' }

/** `file:line:col path: message` and, for a terminal, the line with a caret under the column. */
export function findingText(finding: Finding, { colour, excerpts }: Style): string {
  const { severity, problem, document } = finding
  const paint = (text: string): string => (colour ? `\u001b[${COLOURS[severity]}m${text}\u001b[0m` : text)
  const text = severity === 'notice' ? problem.message : document.format(problem)
  const label = LABELS[severity]
  const message = label === '' ? `${text.replace(/^\S+/, paint)}\n` : `${paint(label)}${text}\n`
  if (!excerpts) return message
  const { file, line, col } = document.place(problem)
  const found = document.files.find(({ name }) => name === file)
  return found === undefined || line === undefined || col === undefined
    ? message
    : message + excerpt(found, line, col, paint)
}
