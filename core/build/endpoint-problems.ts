import type { EndpointsError } from '../api/endpoints-error.ts'
import type { Path, Problem } from '../control/config-error.ts'
import type { EndpointSpec } from '../control/gateway-spec.ts'

/** The problems of endpoints with their places in the document. */
export function placedProblems({ problems }: EndpointsError, specs: readonly EndpointSpec[]): Problem[] {
  const places = new Map(specs.map(({ endpoint, at }) => [endpoint.id, at]))
  const place = (id: string, below: Path): Path => [...(places.get(id) ?? ['endpoints']), ...below]
  return problems.map(({ endpoint, at, message, other }) => ({
    path: place(endpoint, at),
    message,
    ...(other === undefined ? {} : { other: place(other.endpoint, other.at) }),
  }))
}
