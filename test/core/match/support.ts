import type { Endpoint } from '../../../core/api/endpoint.ts'
import type { EndpointProblem } from '../../../core/api/endpoints-error.ts'
import { EndpointsError, HeaderList } from '../../../core/index.ts'
import type { RouteRequest } from '../../../core/match/request-values.ts'
import { RouteTable } from '../../../core/match/route-table.ts'

export interface AskedRequest {
  readonly host?: string
  readonly method?: string
  /** A list for a field that is repeated. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** A request for a target, `path?query`. */
export function requestOf(
  target: string,
  { host = 'x.test', method = 'GET', headers = {} }: AskedRequest = {},
): RouteRequest {
  const mark = `${target}?`.indexOf('?')
  const wire = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]))
  return { host, method, path: target.slice(0, mark), query: target.slice(mark), headers: HeaderList.fromWire(wire) }
}

/** `id path` of the route, or its reason, with the methods behind it. */
export function finder(endpoints: readonly Endpoint[], prefix = '') {
  const routes = new RouteTable(endpoints, prefix)
  return (target: string, asked?: AskedRequest): string => {
    const found = routes.find(requestOf(target, asked))
    if ('endpoint' in found) return `${found.endpoint.id} ${found.path}`
    return [found.reason, ...(found.methods ?? [])].join(' ')
  }
}

/** What a table of these endpoints is refused for. */
export function problemsOf(...endpoints: Endpoint[]): readonly EndpointProblem[] {
  try {
    new RouteTable(endpoints, '')
  } catch (error) {
    if (error instanceof EndpointsError) return error.problems
    throw error
  }
  return []
}
