import { maskText } from '../../core/base/masking.ts'
import type { Path } from '../../core/control/config-error.ts'
import type { EndpointSpec } from '../../core/control/gateway-spec.ts'
import type { ConfigDocument } from '../document/config-document.ts'
import type { LoadedConfig } from '../read/reading.ts'
import { optionsInForce } from '../read/shown-value.ts'
import type { DescribedRequest } from './described-request.ts'
import { type End, type Explained, type ExplainedFilter, UNKNOWN } from './explanation.ts'
import { filterPath } from './filter-path.ts'
import type { RehearsedRequest } from './rehearsed-request.ts'
import { targetsOf } from './routes.ts'
import { switchedBy } from './switched-by.ts'

/** What happened to a request, with the places of the configuration that say so, and without secrets. */
export function explanationOf(
  described: DescribedRequest,
  rehearsed: RehearsedRequest,
  { spec, document }: Pick<LoadedConfig, 'spec' | 'document'>,
): Explained {
  const listener = spec.listeners.find(({ name }) => name === rehearsed.listener)!
  const endpoint = spec.endpoints.find((one) => one.endpoint.id === rehearsed.route?.endpoint)
  const end = endOf(rehearsed, endpoint, document, maskText(described.query))
  const placed = (path: Path): { file: string; line: number | undefined } => {
    const { file, line } = document.place({ path, message: '' })
    return { file, line }
  }
  const filters = listener.chain.map(({ name, factory }, index): ExplainedFilter => {
    const { options, defaults, notes } = rehearsed.filters[index]!
    const by = endpoint === undefined ? 'chain' : switchedBy(endpoint, listener.chain[index]!)
    const at = filterPath(listener.chain[index]!, options === undefined, endpoint)
    return {
      name,
      filter: factory,
      ...(at === undefined ? {} : placed(at)),
      by,
      decision: options === undefined ? 'off' : decisionOf(index, rehearsed, end),
      options: options === undefined ? [] : optionsInForce(defaults, options, document),
      notes,
    }
  })
  const { route } = rehearsed
  return {
    request: {
      method: described.method,
      url: `${described.scheme}://${rehearsed.host}${described.path}${maskText(described.query)}`,
      listener: listener.name,
    },
    endpoint:
      route === undefined || endpoint === undefined
        ? null
        : { id: route.endpoint, route: route.template, path: route.path, ...placed(endpoint.at) },
    filters,
    end,
  }
}

function endOf(
  { end, route }: RehearsedRequest,
  endpoint: EndpointSpec | undefined,
  document: ConfigDocument,
  query: string,
): End {
  if ('unknown' in end) return { kind: 'unknown', because: end.unknown }
  if ('reply' in end) return { kind: 'reply', filter: end.by, ...end.reply }
  if (end.target === undefined || endpoint === undefined) return { kind: 'call', filter: end.by, url: null }
  const index = endpoint.endpoint.targets.findIndex(({ url }) => url === end.target)
  // One that is not in the document could have credentials.
  const written = targetsOf(endpoint, document)[index]?.url ?? maskText(end.target)
  return { kind: 'call', filter: end.by, url: `${written}${route?.path ?? ''}${query}` }
}

function decisionOf(index: number, { turns, filters }: RehearsedRequest, end: End): string {
  const own = turns.filter((turn) => turn.index === index)
  for (const { verdict } of own) if (typeof verdict === 'object') return `replies ${verdict.status} ${verdict.reason}`
  const { entered, terminal } = filters[index]!
  if (!entered) return 'not reached'
  if (terminal) {
    if (own.length === 0) return 'not reached'
    return end.kind === 'call' && end.url !== null
      ? `calls ${end.url}`
      : 'responds; the response is not known without running it'
  }
  if (own.some(({ verdict }) => verdict === 'not run')) return UNKNOWN
  return own.length === 0 ? 'does nothing before the upstream' : 'continues'
}
