import { existsSync } from 'node:fs'
import type { FilterFactory } from '../../core/api/filter-factory.ts'
import { loadConfig } from '../live/config-loader.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { inlineText, type PropertySchema, propertiesOf } from '../read/shown-value.ts'
import { CONFIG_OPTION, type Command, fileOf, JSON_OPTION } from './command.ts'
import { findings } from './report.ts'
import { type Exception, exceptions, inBrackets } from './switched-by.ts'
import { table } from './text-table.ts'

export const plugins: Command = {
  name: 'plugins',
  summary: 'list the available filters and their options',
  takes: ['[FILE]'],
  options: { config: CONFIG_OPTION, json: JSON_OPTION },
  text: `Lists the filters that a chain may have, with their origin and their options with type and default: the built-in
filters, and those of the plugins that FILE names (weir.yaml, if it exists). With a file, a line says where each is on:
in which chain, and at which endpoints it is not as in the chain.`,
  examples: ['weir plugins', 'weir plugins staging.yaml --json'],
  async run(args, host) {
    const file = fileOf(args)
    const named = args.positionals.length > 0 || args.values.config !== undefined
    const config = named || existsSync(file) ? await loadConfig(file) : undefined
    const catalog = await host.catalog(config)
    const filters = catalog.entries().map(([factory, origin]) => describe(factory, origin, config))
    return {
      text: filters.map(textOf).join('\n'),
      data: { filters },
      findings: config === undefined ? [] : findings('warning', config.warnings, config.document),
    }
  },
}

interface Described {
  readonly name: string
  readonly origin: string
  readonly summary: string | null
  /** Its entries in the chains of the configuration; absent if there are none. */
  readonly chains?: readonly InChain[]
  readonly options: readonly Option[]
}

interface InChain {
  readonly listener: string
  readonly name: string
  readonly on: boolean
  /** Endpoints where that is not so. */
  readonly except: readonly Exception[]
}

interface Option {
  readonly name: string
  readonly type: string
  /** Absent if it has none. */
  readonly default?: unknown
  readonly description?: string | undefined
}

function describe(factory: FilterFactory, origin: string, config: LoadedConfig | undefined): Described {
  const options = Object.entries(propertiesOf(factory)).map(([name, schema]) => ({
    name,
    type: typeOf(schema),
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(schema.description === undefined ? {} : { description: schema.description }),
  }))
  const chains = chainsOf(factory, config)
  const described = { name: factory.name, origin, summary: factory.summary ?? null, options }
  return chains.length === 0 ? described : { ...described, chains }
}

const chainsOf = (factory: FilterFactory, config: LoadedConfig | undefined): InChain[] =>
  (config?.spec.listeners ?? []).flatMap(({ name: listener, chain, routes }) =>
    chain
      .filter((filter) => filter.factory === factory.name)
      .map((filter) => ({
        listener,
        name: filter.name,
        on: filter.off === undefined,
        except: routes ? exceptions(filter, config!.spec.endpoints) : [],
      })),
  )

/** Number of endpoints that a line names. */
const SHOWN = 5

function chainText({ listener, name, on, except }: InChain): string {
  const named = except.slice(0, SHOWN).map(({ endpoint, by }) => `${endpoint}${inBrackets(by)}`)
  const more = except.length > SHOWN ? ` and ${except.length - SHOWN} more` : ''
  const but = except.length === 0 ? '' : `; ${on ? 'off' : 'on'} at ${named.join(', ')}${more}`
  return `  "${name}" of ${listener}: ${on ? 'on' : 'off'}${but}\n`
}

/** A type in words: `duration`, `list of text`, `HS256 | RS256 | ES256`. */
function typeOf({ title, enum: values, anyOf, items, type }: PropertySchema): string {
  if (title !== undefined) return title
  if (values !== undefined) return values.map(String).join(' | ')
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' | ')
  if (items !== undefined) return `list of ${typeOf(items)}`
  return [type ?? 'any']
    .flat()
    .map((name) => TYPES[name] ?? name)
    .join(' | ')
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
  array: 'list',
  object: 'mapping',
}

function textOf({ name, origin, summary, chains = [], options }: Described): string {
  const rows = options.map((option) => [
    option.name,
    option.type,
    option.default === undefined ? '' : inlineText(option.default),
    option.description ?? '',
  ])
  return `${name} (${origin})${summary === null ? '' : `\n  ${summary}`}\n${table(rows, '    ')}${chains.map(chainText).join('')}`
}
