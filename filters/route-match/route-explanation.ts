import { type Endpoint, normalPath, type RouteCandidate, type RouteRequest, RouteTable } from '../../core/index.ts'
import { nearestEndpoints } from './nearest-endpoints.ts'

/** Other matching endpoints that are named; the rest are counted. */
const MOST = 10

/**
 * Lines of `weir explain` about the route: the endpoint that the request reaches, and why it does not reach others. For people only:
 * it looks at every endpoint.
 */
export function* explainRoute(request: RouteRequest, prefix: string, endpoints: readonly Endpoint[]): Iterable<string> {
  const normal = normalPath(request.path)
  if (typeof normal !== 'string') return
  const routes = new RouteTable(endpoints, prefix)
  const found = routes.find(request)
  if ('reason' in found && found.reason.endsWith('_too_long')) {
    yield found.detail
    return
  }
  const candidates = routes.candidates(request, normal)
  const chosen = candidates.find(({ failed }) => failed === undefined)
  if (!('endpoint' in found)) {
    yield found.reason === 'no_route' ? 'no endpoint matches' : found.detail
    if (found.reading !== undefined) yield* readingLines(found.reading, request, routes, chosen)
    const near =
      found.reason === 'no_route' && candidates.length === 0 ? nearestEndpoints(normal, prefix, endpoints) : []
    if (near.length > 0) yield `near: ${near.join(', ')}`
  } else {
    const { endpoint, template } = found
    const host = hostOf(chosen)
    yield `${endpoint.id}: chosen, ${host}${template} leads to it${endpoint.status === 'active' ? '' : `; it is ${endpoint.status}`}`
  }
  const rejected = rejectedOf(request, candidates, chosen)
  const told = new Set([
    ...(chosen === undefined ? [] : [chosen.endpoint.id]),
    ...rejected.map(({ endpoint }) => endpoint),
  ])
  const lines = rejected.map(({ endpoint, why }) => `${endpoint}: ${why}`)
  for (const endpoint of endpoints) {
    if (told.has(endpoint.id)) continue
    const hosts = endpoint.match.flatMap(({ host }) => host ?? [])
    if (hosts.length === 0) continue
    // A host that leads whatever the path says nothing about this one.
    const named = endpoint.match.filter(({ path }) => !('prefix' in path && path.prefix === '/'))
    const match = named.map((one) => ({ ...one, host: undefined }))
    if (match.length === 0) continue
    const anywhere = new RouteTable([{ ...endpoint, byName: false, match }], prefix)
    if (anywhere.candidates(request, normal).length === 0) continue
    told.add(endpoint.id)
    lines.push(`${endpoint.id}: matches, but only on ${[...new Set(hosts)].join(', ')}`)
  }
  yield* lines.slice(0, MOST)
  const rest = endpoints.length - told.size
  if (lines.length > MOST) yield `and ${lines.length - MOST} more that match${lines.length - MOST === 1 ? 'es' : ''}`
  else if (rest > 0 && chosen !== undefined) yield `${rest} other${rest === 1 ? ' does' : 's do'} not match`
}

/** An endpoint that a request does not reach. */
export interface RejectedEndpoint {
  readonly endpoint: string
  readonly why: string
}

/** Other endpoints that the path of a request leads to, and why it does not reach them. It looks at no others, so that it is quick. */
export function rejectedEndpoints(request: RouteRequest, routes: RouteTable): RejectedEndpoint[] {
  const normal = normalPath(request.path)
  if (typeof normal !== 'string') return []
  const candidates = routes.candidates(request, normal)
  const chosen = candidates.find(({ failed }) => failed === undefined)
  return rejectedOf(request, candidates, chosen)
}

function rejectedOf(
  request: RouteRequest,
  candidates: readonly RouteCandidate[],
  chosen: RouteCandidate | undefined,
): RejectedEndpoint[] {
  const told = new Set(chosen === undefined ? [] : [chosen.endpoint.id])
  const rejected: RejectedEndpoint[] = []
  for (const candidate of candidates) {
    const { endpoint, template, failed } = candidate
    if (told.has(endpoint.id)) continue
    told.add(endpoint.id)
    const why =
      failed === undefined
        ? `matches too, but ${beats(chosen!, candidate)}`
        : `${hostOf(candidate)}${template} matches, but ${failedText(failed, request)}`
    rejected.push({ endpoint: endpoint.id, why })
  }
  return rejected
}

/** Where an ambiguous path leads, as it is written and as it can be read. */
function* readingLines(
  reading: string,
  request: RouteRequest,
  routes: RouteTable,
  chosen: RouteCandidate | undefined,
): Iterable<string> {
  const other = routes.candidates(request, reading).find(({ failed }) => failed === undefined)
  yield `as it is written it leads to ${chosen?.endpoint.id ?? 'no endpoint'}`
  yield `read as ${reading} it leads to ${other?.endpoint.id ?? 'no endpoint'}`
}

const failedText = (failed: string, { method }: RouteRequest): string =>
  failed === 'method' ? `not with ${method}` : `its condition on ${failed} is not met`

function beats({ endpoint: { id }, host, template, end, rank }: RouteCandidate, lost: RouteCandidate): string {
  if (host !== lost.host) return `${id} names the host more exactly`
  if (template !== lost.template || end !== lost.end) return `${template} comes first`
  if (String(rank) !== String(lost.rank)) return `${id} has more conditions`
  return `${id} comes first in the configuration`
}

const hostOf = (candidate: RouteCandidate | undefined): string => candidate?.host ?? ''
