import { type ParseArgsConfig, parseArgs } from 'node:util'
import { show } from '../../core/base/show.ts'
import { didYouMean } from '../../core/base/suggest.ts'
import { ConfigError } from '../../core/control/config-error.ts'
import { LocatedConfigError } from '../document/located-config-error.ts'
import { type Arguments, type Command, type CommandResult, count, type Host, Misuse } from './command.ts'
import { type Described, HELP_OPTION, helpOf, overview } from './help.ts'
import { type Finding, findings, findingText, plainFinding, type Style } from './report.ts'

/** Exit codes. 78 is EX_CONFIG of sysexits.h. */
const OK = 0
const FAILED = 1
const USAGE = 2
const CONFIG = 78

/** Where the text of a command goes. */
export interface Output {
  out(text: string): void
  err(text: string): void
  /** The style of findings, which go to `err`. */
  readonly style: Style
}

/** Other spellings of commands. */
const ALIASES: Readonly<Record<string, string>> = { '--help': 'help', '-h': 'help', '--version': 'version' }

/** Runs a command line and returns the exit code. Never rejects for a mistake of the operator. */
export async function dispatch(
  args: readonly string[],
  commands: readonly Command[],
  host: Host,
  output: Output,
): Promise<number> {
  const [word = 'help', ...rest] = args
  const name = ALIASES[word] ?? word
  if (name === 'help')
    return help(
      rest.find((word) => !word.startsWith('-')),
      commands,
      output,
    )
  const command = commands.find((known) => known.name === name)
  if (command === undefined) return unknown(name, commands, output)
  let given: Arguments
  try {
    given = read(command, rest)
  } catch (error) {
    return misused((error as Error).message, helpOf(command), output)
  }
  if (given.values.help === true) return help(name, commands, output)
  const json = given.values.json === true
  try {
    return print(await command.run(given, host), json, output)
  } catch (error) {
    if (error instanceof Misuse) return misused(error.message, helpOf(command), output)
    if (error instanceof LocatedConfigError) return complain(error, json, output)
    output.err(`weir: ${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof ConfigError ? CONFIG : FAILED
  }
}

/** Reads the arguments. Throws errors with messages for the operator. */
function read(command: Described, args: string[]): Arguments {
  const options = { ...command.options, help: HELP_OPTION }
  let parsed: Arguments
  try {
    parsed = parseArgs({ args, allowPositionals: true, options } as ParseArgsConfig) as Arguments
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const option = /'(--?[^'\s]+)/.exec(message)?.[1]
    if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || option === undefined) throw error
    const known = Object.keys(options).map((name) => `--${name}`)
    throw new Misuse(`unknown option ${option}.${didYouMean(option, known)}`)
  }
  if (parsed.values.help === true) return parsed
  const { takes } = command
  const given = parsed.positionals.length
  const missing = takes.slice(given).find((argument) => !argument.startsWith('['))
  if (missing !== undefined) throw new Misuse(`${missing} is missing`)
  if (given > takes.length)
    throw new Misuse(
      `${show(parsed.positionals[takes.length])} is one argument too many: the command takes ${listed(takes)}`,
    )
  return parsed
}

const listed = (takes: readonly string[]): string =>
  takes.length === 0 ? 'none' : takes.map((argument) => argument.replaceAll(/[[\]]/g, '')).join(' and ')

function help(name: string | undefined, commands: readonly Command[], output: Output): number {
  const command = commands.find((known) => known.name === name)
  if (name !== undefined && command === undefined) return unknown(name, commands, output)
  output.out(command === undefined ? overview(commands) : helpOf(command))
  return OK
}

function unknown(name: string, commands: readonly Command[], output: Output): number {
  const near = didYouMean(
    name,
    commands.map((command) => command.name),
  )
  return misused(`unknown command "${name}".${near}`, overview(commands), output)
}

function misused(message: string, help: string, { err }: Output): number {
  err(`weir: ${message}\n\n${help}`)
  return USAGE
}

function print({ text, data, findings = [], failed = false }: CommandResult, json: boolean, output: Output): number {
  if (json) printJson({ ...data, problems: findings.map(plainFinding) }, output)
  else {
    for (const finding of findings) output.err(findingText(finding, output.style))
    output.out(text)
  }
  return failed ? FAILED : OK
}

function complain({ problems, document }: LocatedConfigError, json: boolean, output: Output): number {
  const all: Finding[] = findings('error', problems, document)
  if (json) printJson({ valid: false, problems: all.map(plainFinding) }, output)
  else {
    for (const finding of all) output.err(findingText(finding, output.style))
    output.err(`${count(all.length, 'problem')}\n`)
  }
  return CONFIG
}

const printJson = (data: object, { out }: Output): void => out(`${JSON.stringify(data, null, 2)}\n`)
