/** An option of a command, as `parseArgs` of Node and `--help` take it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What stands for its value: `FILE`. */
  readonly value?: string
  readonly help: string
}

/** What `--help` tells of a command, and what its arguments are read by. */
export interface Described {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Its arguments by name, in order; one in brackets may be left out: `[FILE]`. */
  readonly takes: readonly string[]
  readonly options: Readonly<Record<string, CommandOption>>
  /** What it does, in full sentences. */
  readonly text: string
  /** Command lines to copy. */
  readonly examples: readonly string[]
}

const EXIT_CODES = 'Exit codes: 0 fine, 1 failure at run time, 2 wrong usage, 78 configuration error.'

/** The option that every command has. */
export const HELP_OPTION: CommandOption = { type: 'boolean', short: 'h', help: 'say this' }

/** What `weir help` says. */
export function overview(commands: readonly Described[]): string {
  const rows = commands.map((command) => [usage(command), command.summary] as const)
  return `Weir, an API gateway

Usage: weir <command> [options]

${columns(rows)}
Each command has --help, and "weir help <command>" says the same. ${EXIT_CODES}
`
}

/** What `weir <command> --help` says. */
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
