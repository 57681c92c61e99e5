import type { ServiceKey } from '../../core/api/service.ts'
import type { Catalog } from '../../core/build/catalog.ts'
import type { LoadedConfig } from '../read/reading.ts'
import type { CommandOption, Described } from './help.ts'
import type { Finding } from './report.ts'

/** What a command needs from the process that runs it. */
export interface Host {
  readonly version: string
  /** The available filters: the built-in ones, and those of the plugins that a configuration names. */
  catalog(config?: Pick<LoadedConfig, 'settings'>): Promise<Catalog>
  /** Services for filters that are created but never get a request. */
  readonly services: ReadonlyMap<ServiceKey<unknown>, unknown>
}

/** The arguments and options of a command line. */
export interface Arguments {
  readonly positionals: readonly string[]
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
}

/** The result of a command, for people and for programs. */
export interface CommandResult {
  /** For stdout. */
  readonly text: string
  /** The result for `--json`, without the findings. */
  readonly data?: Readonly<Record<string, unknown>>
  /** Warnings and notices, for stderr. */
  readonly findings?: readonly Finding[]
  /** What was checked is not as it should be: exit code 1. */
  readonly failed?: boolean
}

/** A command other than `run`: it starts no gateway and ends by itself. */
export interface Command extends Described {
  /** Throws `Misuse`, a `ConfigError`, or an `Error` whose message is for the operator. */
  run(args: Arguments, host: Host): Promise<CommandResult>
}

/** The command line is wrong. */
export class Misuse extends Error {}

export const DEFAULT_FILE = 'weir.yaml'

export const JSON_OPTION: CommandOption = { type: 'boolean', help: 'print one JSON object, problems included' }

export const CONFIG_OPTION: CommandOption = {
  type: 'string',
  short: 'c',
  value: 'FILE',
  help: `the configuration (default: ${DEFAULT_FILE})`,
}

/** The configuration file of a command: its argument, else `--config`, else the default. */
export function fileOf({ positionals, values }: Arguments): string {
  const named = values.config as string | undefined
  if (named !== undefined && positionals[0] !== undefined)
    throw new Misuse('two files are given: leave one of them out')
  return positionals[0] ?? named ?? DEFAULT_FILE
}

/** `1 endpoint`, `2 endpoints`. */
export const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
