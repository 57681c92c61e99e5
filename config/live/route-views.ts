import type { Endpoint, Match } from '../../core/api/endpoint.ts'
import type { GatewaySpec } from '../../core/control/gateway-spec.ts'
import type { RouteView } from '../../core/control/router-control.ts'
import { NamedEndpoints } from '../../core/match/named-endpoints.ts'
import { parseTemplate, type Segment } from '../../core/match/path-template.ts'
import type { LoadedConfig } from '../read/reading.ts'

/** A route, and what decides about its place among others. */
interface Placed {
  readonly view: RouteView
  readonly host: string
  /** 0: a whole path without parameters; 1: an expression; 2: what is found segment by segment. */
  readonly kind: number
  readonly segments: readonly Segment[]
  /** The larger comes first. */
  readonly rank: readonly number[]
  readonly order: number
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
 * Hosts and literal segments that exclude each other stand in alphabetical order.
 */
export function routeViews({ spec, document }: Pick<LoadedConfig, 'spec' | 'document'>): readonly RouteView[] {
  const names = new NamedEndpoints(routePrefix(spec))
  const placeOf = (order: number, below: readonly (string | number)[]): Pick<RouteView, 'file' | 'line'> => {
    const { file, line } = document.place({ path: [...spec.endpoints[order]!.at, ...below], message: '' })
    return { file, line: line ?? null }
  }
  const all: Placed[] = []
  for (const [order, { endpoint }] of spec.endpoints.entries()) {
    if (endpoint.match.length === 0 || endpoint.byName) names.add(endpoint, order)
    for (const match of endpoint.match) all.push(ofMatch(endpoint, match, order, placeOf(order, match.at.path)))
  }
  for (const { endpoint, path, order } of names.all()) {
    const view = { endpoint: endpoint.id, host: null, path, methods: null, conditions: [], ...placeOf(order, ['name']) }
    all.push({ view, host: '', kind: 2, segments: segmentsOf(path), rank: [0, 0, 0], order })
  }
  return all.sort(compare).map(({ view }) => view)
}

function ofMatch(endpoint: Endpoint, match: Match, order: number, place: Pick<RouteView, 'file' | 'line'>): Placed {
  const { host, path, methods, headers, cookies, query } = match
  const whole = 'exact' in path
  const text = 'prefix' in path ? path.prefix : whole ? `exact ${path.exact}` : `regex ${path.regex}`
  const segments = 'regex' in path ? [] : segmentsOf('prefix' in path ? path.prefix : path.exact, whole)
  return {
    view: {
      endpoint: endpoint.id,
      host: host ?? null,
      path: text,
      methods: methods.length === 0 ? null : methods,
      conditions: [
        ...headers.map(({ name }) => `header ${name}`),
        ...cookies.map(({ name }) => `cookie ${name}`),
        ...query.map(({ name }) => `query ${name}`),
      ],
      ...place,
    },
    host: host?.toLowerCase() ?? '',
    kind: 'regex' in path ? 1 : whole && segments.every((one) => 'literal' in one) ? 0 : 2,
    segments,
    rank: [Number(methods.length > 0), headers.length + cookies.length, query.length],
    order,
  }
}

function segmentsOf(path: string, whole = false): readonly Segment[] {
  const segments = parseTemplate(path, whole)
  return typeof segments === 'string' ? [] : segments
}

function compare(a: Placed, b: Placed): number {
  const ranks = a.rank.map((rank, i) => b.rank[i]! - rank).find((difference) => difference !== 0) ?? 0
  return (
    compareHosts(a.host, b.host) ||
    a.kind - b.kind ||
    (a.kind === 1 ? 0 : compareSegments(a.segments, b.segments)) ||
    ranks ||
    a.order - b.order
  )
}

function compareHosts(a: string, b: string): number {
  const kind = (host: string): number => (host === '' ? 2 : host.startsWith('*') ? 1 : 0)
  if (a === b) return 0
  return kind(a) - kind(b) || (kind(a) === 1 ? b.length - a.length : 0) || (a < b ? -1 : 1)
}

/** A literal before a parameter, and both before the end. */
function compareSegments(a: readonly Segment[], b: readonly Segment[]): number {
  for (const [i, one] of a.entries()) {
    const other = b[i]
    if (other === undefined) return -1
    const [x, y] = [one, other].map((segment) => ('literal' in segment ? segment.literal : undefined))
    if (x === y) continue
    if (x === undefined || y === undefined) return x === undefined ? 1 : -1
    return x < y ? -1 : 1
  }
  return b.length > a.length ? 1 : 0
}
