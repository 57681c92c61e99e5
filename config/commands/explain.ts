import type { FilterFactory } from '../../core/api/filter-factory.ts'
import { LocalReply } from '../../core/api/reply.ts'
import { systemClock } from '../../core/base/clock.ts'
import { maskText } from '../../core/base/masking.ts'
import { optionsOf } from '../../core/build/lane.ts'
import { notesOf, type Rehearsal, type RehearsedHook, rehearse } from '../../core/chain/rehearsal.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec, ListenerSpec, OptionsSpec } from '../../core/control/gateway-spec.ts'
import { ClientHeaders } from '../../core/http/client-headers.ts'
import { optionsInForce } from '../read/shown-value.ts'
import { type Built, build, release } from './build.ts'
import { CONFIG_OPTION, type Command, fileOf, JSON_OPTION } from './command.ts'
import { type DescribedRequest, exchangeOf, readRequest } from './described-request.ts'
import { type End, type Explained, type ExplainedFilter, textOf, UNKNOWN } from './explanation.ts'
import { filterPath } from './filter-path.ts'
import { targetsOf } from './routes.ts'
import { switchedBy } from './switched-by.ts'

export const explain: Command = {
  name: 'explain',
  summary: 'show what would happen to a request, and why',
  takes: ['METHOD', 'URL'],
  options: {
    header: { type: 'string', short: 'H', multiple: true, value: "'NAME: VALUE'", help: 'a header; may be repeated' },
    config: CONFIG_OPTION,
    json: JSON_OPTION,
  },
  text: `Takes a request through the chain as "run" does, up to the call of the upstream, which is not made. Shows what each
filter does with it, and the options in force with their places. URL is absolute, or a path. An absolute URL with the
port of another listener goes to that listener.

It does not use the network. What needs the network, or the running gateway, is shown as unknown.`,
  examples: [
    'weir explain GET /orchestrator/v1/echo/hello',
    `weir explain POST https://api.example.com/orders -H "Authorization: Bearer $TOKEN" --config weir.yaml`,
  ],
  async run(args, host) {
    const [method = '', url = ''] = args.positionals
    const described = readRequest(method, url, (args.values.header ?? []) as readonly string[])
    const built = await build(fileOf({ ...args, positionals: [] }), host)
    const explained = await explainRequest(described, built)
    await release(built)
    return { text: textOf(explained), data: { ...explained }, findings: built.findings }
  },
}

/** What would happen to a request under a configuration that was built. */
export async function explainRequest(
  described: DescribedRequest,
  { config, catalog, snapshot }: Built,
): Promise<Explained> {
  const { listeners, endpoints } = config.spec
  const listener = listenerOf(described, listeners)
  const chain = snapshot.chains.get(listener.name)!
  const factories = listener.chain.map(({ factory }) => catalog.get(factory)!)
  const cleaning = new ClientHeaders(config.settings.clientHeaders, chain.sets)
  const x = exchangeOf(described, systemClock.now(), cleaning)
  const rehearsal = await rehearse(x, chain, factories)
  const ofChain = listener.chain.map((filter) => (filter.off === undefined ? filter : undefined))
  const endpoint = endpoints.find((spec) => spec.endpoint.id === rehearsal.route?.endpoint.id)
  const options = endpoint === undefined ? ofChain : optionsOf(endpoint, listener, factories)
  const end = endOf(rehearsal, endpoint, config.document, maskText(described.query))
  const placed = (path: Path): { file: string; line: number | undefined } => {
    const { file, line } = config.document.place({ path, message: '' })
    return { file, line }
  }
  const filters = listener.chain.map((entry, index): ExplainedFilter => {
    const { name, factory } = entry
    const spec: OptionsSpec | undefined = options[index]
    const filter = rehearsal.compiled.steps[index]?.filter
    const reached = rehearsal.entered(index)
    const by = endpoint === undefined ? 'chain' : switchedBy(endpoint, entry)
    const at = filterPath(entry, spec === undefined, endpoint)
    return {
      name,
      filter: factory,
      ...(at === undefined ? {} : placed(at)),
      by,
      decision: spec === undefined ? 'off' : decisionOf(index, factories[index]!, rehearsal, end),
      options: spec === undefined ? [] : optionsInForce(factories[index]!, spec, config.document),
      notes: filter === undefined || !reached ? [] : notesOf(filter, x),
    }
  })
  const { route } = rehearsal
  return {
    request: {
      method: described.method,
      url: `${described.scheme}://${x.downstream.host}${described.path}${maskText(described.query)}`,
      listener: listener.name,
    },
    endpoint:
      route === undefined || endpoint === undefined
        ? null
        : { id: route.endpoint.id, route: route.template, path: route.path, ...placed(endpoint.at) },
    filters,
    end,
  }
}

/** The listener with the port of an absolute URL, else the one that routes to the endpoints. */
function listenerOf({ authority }: DescribedRequest, listeners: readonly ListenerSpec[]): ListenerSpec {
  const port = Number(/:(\d+)$/.exec(authority ?? '')?.[1])
  return listeners.find((one) => one.port === port) ?? listeners.find(({ routes }) => routes) ?? listeners[0]!
}

function endOf(
  { end, route }: Rehearsal,
  endpoint: EndpointSpec | undefined,
  document: Built['config']['document'],
  query: string,
): End {
  if ('unknown' in end) return { kind: 'unknown', because: end.unknown }
  if ('reply' in end) {
    const { status, reason, options } = end.reply
    return { kind: 'reply', filter: end.by, status, reason, detail: options.detail ?? null }
  }
  if (end.target === undefined || endpoint === undefined) return { kind: 'call', filter: end.by, url: null }
  const index = endpoint.endpoint.targets.findIndex(({ url }) => url === end.target!.url)
  const written = targetsOf(endpoint, document)[index]?.url ?? end.target.url
  return { kind: 'call', filter: end.by, url: `${written}${route?.path ?? ''}${query}` }
}

function decisionOf(index: number, factory: FilterFactory, { turns, entered }: Rehearsal, end: End): string {
  const own = turns.filter((turn) => turn.index === index)
  const reply = own.find((turn): turn is RehearsedHook & { verdict: LocalReply } => turn.verdict instanceof LocalReply)
  if (reply !== undefined) return `replies ${reply.verdict.status} ${reply.verdict.reason}`
  if (!entered(index)) return 'not reached'
  if (factory.terminal === true) {
    if (own.length === 0) return 'not reached'
    return end.kind === 'call' && end.url !== null
      ? `calls ${end.url}`
      : 'responds; the response is not known without running it'
  }
  if (own.some(({ verdict }) => verdict === 'not run')) return UNKNOWN
  return own.length === 0 ? 'does nothing before the upstream' : 'continues'
}
