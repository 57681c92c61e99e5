import type { Match } from '../../core/api/endpoint.ts'
import { runInSlices, type SlicedWork } from '../../core/base/time-slice.ts'
import type { GatewaySpec } from '../../core/control/gateway-spec.ts'
import type { RouteView } from '../../core/control/router-control.ts'
import { NamedEndpoints } from '../../core/match/named-endpoints.ts'
import { parseTemplate } from '../../core/match/path-template.ts'
import type { LoadedConfig } from '../read/reading.ts'

/** What leads to an endpoint, without its place in the document. */
export interface ListedRoute extends Omit<RouteView, 'file' | 'line'> {
  /** Position of the endpoint, and the place in its entry. */
  readonly order: number
  readonly below: readonly (string | number)[]
  /** Sorted by it, routes stand in the order in which they are looked at. */
  readonly key: string
}

/** Where the filter that routes says nothing else, names stand behind this. */
const PREFIX = '/orchestrator'

/** What stands in front of names in paths. */
export function routePrefix({ listeners }: GatewaySpec): string {
  const chain = listeners.find(({ routes }) => routes)?.chain
  const prefix = chain?.find(({ factory }) => factory === 'route-match')?.options.prefix
  return (typeof prefix === 'string' ? prefix : PREFIX).replace(/\/+$/, '')
}

/**
 * What leads to the endpoints, in the order in which it is looked at: by host, path, number of conditions, and place in the document.
 * Hosts and literal segments that exclude each other stand in alphabetical order. It works in slices, so that requests go on meanwhile.
 */
export async function routeViews(config: Pick<LoadedConfig, 'spec' | 'document'>): Promise<readonly RouteView[]> {
  return runInSlices(views(config))
}

function* views({ spec, document }: Pick<LoadedConfig, 'spec' | 'document'>): SlicedWork<readonly RouteView[]> {
  const listed = yield* listRoutes(spec)
  listed.sort((a, b) => (a.key < b.key ? -1 : 1))
  const all: RouteView[] = []
  for (const { order, below, key: _, ...view } of listed) {
    yield
    const { file, line } = document.place({ path: [...spec.endpoints[order]!.at, ...below], message: '' })
    all.push({ ...view, file, line: line ?? null })
  }
  return all
}

/** The routes, in no order. */
export function* listRoutes(spec: GatewaySpec): SlicedWork<ListedRoute[]> {
  const names = new NamedEndpoints(routePrefix(spec))
  const all: ListedRoute[] = []
  for (const [order, { endpoint }] of spec.endpoints.entries()) {
    yield
    if (endpoint.match.length === 0 || endpoint.byName) names.add(endpoint, order)
    for (const match of endpoint.match) all.push(ofMatch(endpoint.id, match, order))
  }
  for (const { endpoint, path, order } of names.all()) {
    yield
    const key = keyOf('', 2, segmentsOf(path), [0, 0, 0], order)
    all.push({ endpoint: endpoint.id, host: null, path, methods: null, conditions: [], order, below: ['name'], key })
  }
  return all
}

function ofMatch(endpoint: string, match: Match, order: number): ListedRoute {
  const { host, path, methods, headers, cookies, query, at } = match
  const whole = 'exact' in path
  const text = 'prefix' in path ? path.prefix : whole ? `exact ${path.exact}` : `regex ${path.regex}`
  const segments = 'regex' in path ? '' : segmentsOf('prefix' in path ? path.prefix : path.exact, whole)
  const kind = 'regex' in path ? 1 : whole && !segments.includes(PARAMETER) ? 0 : 2
  const rank = [Number(methods.length > 0), headers.length + cookies.length, query.length]
  return {
    endpoint,
    host: host ?? null,
    path: text,
    methods: methods.length === 0 ? null : methods,
    conditions: [
      ...headers.map(({ name }) => `header ${name}`),
      ...cookies.map(({ name }) => `cookie ${name}`),
      ...query.map(({ name }) => `query ${name}`),
    ],
    order,
    below: at.path,
    key: keyOf(host?.toLowerCase() ?? '', kind, segments, rank, order),
  }
}

/** Sorts behind a literal, and before the end. No literal has the character: it is encoded there. */
const PARAMETER = '\u00012'

/** Text that sorts as segments are looked at: a literal, a parameter, the end. */
function segmentsOf(path: string, whole = false): string {
  const segments = parseTemplate(path, whole)
  if (typeof segments === 'string') return ''
  return `${segments.map((one) => ('literal' in one ? `\u00011${one.literal}` : PARAMETER)).join('')}\u00013`
}

/** @param kind 0: a whole path without parameters; 1: an expression; 2: what is found segment by segment */
function keyOf(host: string, kind: number, segments: string, rank: readonly number[], order: number): string {
  // The exact host is looked at first, then patterns from the longest.
  const hosts = host === '' ? '2' : host.startsWith('*') ? `1${last(host.length)}${host}` : `0${host}`
  return [hosts, kind, segments, ...rank.map(last), String(order).padStart(9, '0')].join('\u0000')
}

/** A number as a text of which the larger sorts first. */
const last = (n: number): string => String(999_999 - n).padStart(6, '0')
