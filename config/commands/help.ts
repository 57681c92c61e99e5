/** An option of a command, for `parseArgs` of Node and for `--help`. */
export interface CommandOption {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** The name of its value in the help: `FILE`. */
  readonly value?: string
  readonly help: string
}

/** The description of a command, for `--help` and for reading its arguments. */
export interface Described {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** The names of its arguments, in order; one in brackets is optional: `[FILE]`. */
  readonly takes: readonly string[]
  readonly options: Readonly<Record<string, CommandOption>>
  /** What it does, in full sentences. */
  readonly text: string
  /** Command lines to copy. */
  readonly examples: readonly string[]
}

const EXIT_CODES = 'Exit codes: 0 fine, 1 failure at run time, 2 wrong usage, 78 configuration error.'

/** The option that every command has. */
export const HELP_OPTION: CommandOption = { type: 'boolean', short: 'h', help: 'show this help' }

/** The text of `weir help`. */
export function overview(commands: readonly Described[]): string {
  const rows = commands.map((command) => [usage(command), command.summary] as const)
  return `Weir, an API gateway

Usage: weir <command> [options]

${columns(rows)}
Each command has --help; "weir help <command>" shows the same. ${EXIT_CODES}
`
}

/** The text of `weir <command> --help`. */
export function helpOf(command: Described): string {
  const options = Object.entries({ ...command.options, help: HELP_OPTION })
  const rows = options.map(([name, option]) => [flag(name, option), option.help] as const)
  const examples = command.examples.map((line) => `  ${line}\n`).join('')
  return `Usage: weir ${usage(command)} [options]\n\n${command.text}\n\n${columns(rows)}\nExample${command.examples.length > 1 ? 's' : ''}:\n${examples}`
}

const usage = ({ name, takes }: Described): string => [name, ...takes].join(' ')

const flag = (name: string, { short, value }: CommandOption): string =>
  `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`

function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}
