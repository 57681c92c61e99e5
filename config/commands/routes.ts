import { readFile } from 'node:fs/promises'
import type { Endpoint } from '../../core/api/endpoint.ts'
import { type Factories, optionsOf } from '../../core/build/lane.ts'
import type { Chain } from '../../core/chain/chain.ts'
import type { EndpointSpec, ListenerSpec } from '../../core/control/gateway-spec.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import { pathOf, shown } from '../read/shown-value.ts'
import { SHORT_FORMS } from '../schema/short-forms.ts'
import { type Built, build, release } from './build.ts'
import { CONFIG_OPTION, type Command, type CommandResult, fileOf, JSON_OPTION } from './command.ts'
import { readRouteTests, routeTestsText, runRouteTests } from './route-tests.ts'
import { inBrackets, switchedBy } from './switched-by.ts'
import { table } from './text-table.ts'

export const routes: Command = {
  name: 'routes',
  summary: 'list the endpoints, what leads to them, and their targets',
  takes: ['[FILE]'],
  options: {
    test: {
      type: 'string',
      value: 'FILE',
      help: 'check where the requests of a table go; exit code 1 on a difference',
    },
    config: CONFIG_OPTION,
    json: JSON_OPTION,
  },
  text: `Lists the endpoints of FILE (weir.yaml by default): what leads to each, its methods and targets, and how its chain
differs from that of the listener: the filters that are off there, or on, and the group that says so.

With --test, takes the requests of a YAML file through the configuration, and compares the endpoint that each reaches,
or the status that it gets instead, with the table:

  GET /users/7: users
  POST /users/7: 405
  GET https://api.example.com/v1/x: { endpoint: api, path: /x, headers: { x-beta: 1 } }`,
  examples: ['weir routes', 'weir routes --json', 'weir routes --test routes.test.yaml'],
  async run(args, host) {
    const built = await build(fileOf(args), host)
    const { test } = args.values
    if (typeof test === 'string') return testRoutes(test, built)
    const { spec, document } = built.config
    const listener = spec.listeners.find(({ routes }) => routes)
    const chain = listener && built.snapshot.chains.get(listener.name)
    const factories = listener?.chain.map(({ factory }) => built.catalog.get(factory)) ?? []
    const rows =
      listener === undefined || chain === undefined
        ? []
        : spec.endpoints.map((endpoint) => describe(endpoint, listener, factories, chain, document))
    await release(built)
    return {
      text: listener === undefined ? '' : textOf(rows, listener),
      data: { endpoints: rows },
      findings: built.findings,
    }
  },
}

async function testRoutes(file: string, built: Built): Promise<CommandResult> {
  const text = await readFile(file, 'utf8').catch(({ code, message }: NodeJS.ErrnoException) => {
    throw new Error(code === 'ENOENT' ? `there is no file ${file}` : message)
  })
  const results = await runRouteTests(readRouteTests(text, file), file, built)
  await release(built)
  return {
    text: routeTestsText(results, file),
    data: { tests: results },
    findings: built.findings,
    failed: results.some(({ ok }) => !ok),
  }
}

interface Row {
  readonly id: string
  readonly status: Endpoint['status']
  readonly patterns: readonly string[]
  /** Null for every method. */
  readonly methods: unknown
  readonly targets: readonly { readonly url: string; readonly weight: number }[]
  /** `by` says whose word counts: `chain`, `endpoint` or `group NAME`. */
  readonly chain: readonly { readonly name: string; readonly off: boolean; readonly by: string }[]
}

function describe(
  spec: EndpointSpec,
  listener: ListenerSpec,
  factories: Factories,
  chain: Chain,
  document: ConfigDocument,
): Row {
  const { endpoint } = spec
  const options = optionsOf(spec, listener, factories)
  const [factory, option] = SHORT_FORMS.endpoint.methods
  const checker = listener.chain.findIndex((filter) => filter.factory === factory)
  const own = options[checker]
  return {
    id: endpoint.id,
    status: endpoint.status,
    patterns: patternsOf(endpoint, chain),
    methods:
      own?.options[option] === undefined ? null : shown(option, own.options[option], pathOf(option, own), document),
    targets: targetsOf(spec, document),
    chain: listener.chain.map((filter, i) => ({
      name: filter.name,
      off: options[i] === undefined,
      by: switchedBy(spec, filter),
    })),
  }
}

/** Patterns that lead to an endpoint, as the filters of a chain say it. */
export const patternsOf = (endpoint: Endpoint, chain: Chain): string[] =>
  chain.base.steps.flatMap((step) => step?.filter.patterns?.(endpoint) ?? [])

/** The targets of an endpoint as they are written. */
export function targetsOf({ endpoint, at }: EndpointSpec, document: ConfigDocument): Row['targets'] {
  return endpoint.targets.map(({ url, weight }, i) => {
    const path = [...at, 'targets', i, 'url']
    const written = document.scalar(path) === undefined ? [...at, 'url'] : path
    return { url: String(shown('url', url, written, document)), weight }
  })
}

function textOf(rows: readonly Row[], listener: ListenerSpec): string {
  const names = listener.chain.map(({ name, off }) => (off === undefined ? name : `${name} (off)`))
  const chain = `Chain: ${names.join(' → ')}\n`
  if (rows.length === 0) return `${chain}\nThere are no endpoints: every request gets 404.\n`
  const lines = rows.map(({ id, status, patterns, methods, targets, chain }) => {
    const unlike = (off: boolean): string =>
      chain
        .filter((filter, i) => filter.off === off && off === (listener.chain[i]!.off === undefined))
        .map(({ name, by }) => `${name}${by === 'chain' ? '' : inBrackets(by)}`)
        .join(', ')
    const [off, on] = [unlike(true), unlike(false)]
    return [
      status === 'active' ? id : `${id} (${status})`,
      patterns,
      methods === null ? 'every method' : [methods].flat().join(', '),
      targets.map(({ url, weight }) => (targets.length === 1 && weight === 1 ? url : `${url} (weight ${weight})`)),
      off === '' && on === ''
        ? 'whole'
        : [...(off === '' ? [] : [`without ${off}`]), ...(on === '' ? [] : [`with ${on}`])],
    ]
  })
  return `${chain}\n${table([['ENDPOINT', 'REACHED BY', 'METHODS', 'TARGET', 'CHAIN'], ...lines])}`
}
