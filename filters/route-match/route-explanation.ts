import type { Endpoint, Route } from '../../core/index.ts'
import { nearestEndpoints } from './nearest-endpoints.ts'
import { RoutesByHost } from './routes-by-host.ts'

/** Other matching endpoints that are named; the rest are counted. */
const MOST = 10

/** An endpoint that the request would reach if there were no other. */
interface Candidate {
  readonly endpoint: Endpoint
  readonly route: Route
  /** Its host patterns that match; none if it matches every host. */
  readonly hosts: readonly string[]
}

/**
 * Lines of `weir explain` about the route: the endpoint that the request reaches, and why it does not reach others. For people only:
 * it looks at every endpoint.
 * @param path normal form
 */
export function* explainRoute(
  host: string,
  path: string,
  prefix: string,
  endpoints: readonly Endpoint[],
): Iterable<string> {
  const winner = new RoutesByHost(prefix, endpoints).find(host, path, path)
  const chosen = winner && candidate(winner.endpoint, prefix, host, path)
  if (chosen === undefined) {
    yield 'no endpoint matches'
    const near = nearestEndpoints(path, prefix, endpoints)
    if (near.length > 0) yield `near: ${near.join(', ')}`
  } else {
    const { endpoint, route } = chosen
    yield `${endpoint.id}: chosen, ${where(chosen)}${route.template} leads to it${endpoint.status === 'active' ? '' : `; it is ${endpoint.status}`}`
  }
  let rest = 0
  let named = 0
  for (const endpoint of endpoints) {
    if (endpoint === chosen?.endpoint) continue
    const why = rejected(endpoint, chosen, prefix, host, path)
    if (why === undefined || ++named > MOST) rest++
    else yield `${endpoint.id}: ${why}`
  }
  if (named > MOST) yield `and ${named - MOST} more that match${named - MOST === 1 ? 'es' : ''}`
  else if (rest > 0 && chosen !== undefined) yield `${rest} other${rest === 1 ? ' does' : 's do'} not match`
}

/** Why the request does not reach an endpoint; undefined if its path does not match at all. */
function rejected(
  endpoint: Endpoint,
  chosen: Candidate | undefined,
  prefix: string,
  host: string,
  path: string,
): string | undefined {
  const lost = candidate(endpoint, prefix, host, path)
  if (lost !== undefined && chosen !== undefined) return `matches too, but ${beats(chosen, lost)}`
  // An endpoint with hosts alone matches every path there, so that the path says nothing.
  if (endpoint.match.hosts.length === 0 || endpoint.match.paths.length === 0) return undefined
  const anywhere = candidate({ ...endpoint, match: { ...endpoint.match, hosts: [] } }, prefix, host, path)
  return anywhere && `matches, but only on ${endpoint.match.hosts.join(', ')}`
}

function candidate(endpoint: Endpoint, prefix: string, host: string, path: string): Candidate | undefined {
  const route = new RoutesByHost(prefix, [endpoint]).find(host, path, path)
  if (route === undefined) return undefined
  const hosts = endpoint.match.hosts.filter(
    (pattern) =>
      new RoutesByHost(prefix, [{ ...endpoint, match: { ...endpoint.match, hosts: [pattern] } }]).find(
        host,
        path,
        path,
      ) !== undefined,
  )
  return { endpoint, route, hosts }
}

function beats(chosen: Candidate, lost: Candidate): string {
  const { id, name } = chosen.endpoint
  if (exactness(chosen) !== exactness(lost)) return `${id} names the host more exactly`
  // The shorter the rest of the path, the longer the match.
  if (chosen.route.path.length < lost.route.path.length) return `${chosen.route.template} is longer`
  if (name !== lost.endpoint.name) return `a pattern comes before a name`
  return `${id} has the name: it has no version, or the highest that is enabled`
}

/** Rank of the host match: an exact host before a pattern, a longer pattern before a shorter one, any before none. */
const exactness = ({ hosts }: Candidate): number =>
  Math.max(0, ...hosts.map((pattern) => (pattern.startsWith('*') ? pattern.length : Number.POSITIVE_INFINITY)))

const where = ({ hosts }: Candidate): string => (hosts.length === 0 ? '' : `${hosts[0]}`)
