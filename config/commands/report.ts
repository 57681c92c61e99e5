import { isSecret } from '../../core/build/option-check.ts'
import type { ConfigProblem } from '../../core/control/config-control.ts'
import { ConfigError } from '../../core/control/config-error.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import { LocatedConfigError, plainProblem } from '../document/located-config-error.ts'
import type { PlacedProblem } from '../document/placed-problem.ts'
import type { LoadedConfig } from '../read/reading.ts'

export type Severity = 'error' | 'warning' | 'notice'

/** A problem, warning or notice, in the file where it stands. */
export interface Finding {
  readonly severity: Severity
  readonly problem: PlacedProblem
  readonly document: ConfigDocument
}

/** How findings are shown to people. */
export interface Style {
  readonly colour: boolean
  /** Whether the line that is meant is shown below the message. */
  readonly excerpts: boolean
}

/** What a terminal gets; anything else gets plain lines. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const terminal = stream.isTTY === true
  return { colour: terminal && !env.NO_COLOR, excerpts: terminal } // https://no-color.org: set and not empty
}

export const findings = (severity: Severity, problems: readonly PlacedProblem[], document: ConfigDocument): Finding[] =>
  problems.map((problem) => ({ severity, problem, document }))

/** A configuration error that knows the lines of its file. */
export function located(error: unknown, { document }: LoadedConfig): unknown {
  return error instanceof ConfigError && !(error instanceof LocatedConfigError)
    ? new LocatedConfigError(error.problems, document)
    : error
}

/** For `--json`. */
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
  return excerpts ? message + excerpt(finding, paint) : message
}

const WIDTH = 100

function excerpt({ problem, document }: Finding, paint: (text: string) => string): string {
  const { file, line, col } = document.place(problem)
  if (line === undefined || col === undefined) return ''
  const text = document.files.find((f) => f.name === file)?.line(line)
  if (text === undefined || reveals(text)) return ''
  // Of a very long line, the part around the column.
  const start = col > WIDTH ? col - WIDTH / 2 : 0
  const part = printable(text.slice(start, start + WIDTH))
  const margin = ' '.repeat(String(line).length)
  const indent = part.slice(0, col - 1 - start).replaceAll(/[^\t]/g, ' ')
  return `  ${margin} |\n  ${line} | ${part}\n  ${margin} | ${indent}${paint('^')}\n`
}

/** Whether a line shows what nobody should see: a secret, or the credentials of a URL. */
function reveals(line: string): boolean {
  if (/\/\/\S*@/.test(line)) return true
  const keys = line.matchAll(/([\w-]+)["']?\s*:\s+(?!\$\{\w+\}|[\s#])/g)
  return [...keys].some(([, key]) => isSecret(key!))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a file must not steer the terminal
const printable = (text: string): string => text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '\ufffd')
