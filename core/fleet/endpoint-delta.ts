import type { EndpointSpec } from '../control/gateway-spec.ts'

/**
 * A list of endpoints as it is sent to a worker that has another list: an endpoint that it has already is the index there. So a
 * change of one endpoint among 10,000 is small, and the worker sees which are the same.
 */
export type EndpointDelta = readonly (EndpointSpec | number)[]

/** @param known what the worker has, by identity; empty: nothing */
export function deltaOf(endpoints: readonly EndpointSpec[], known: readonly EndpointSpec[]): EndpointDelta {
  const index = new Map(known.map((endpoint, i) => [endpoint, i]))
  return endpoints.map((endpoint) => index.get(endpoint) ?? endpoint)
}

/** The list that a delta stands for. @throws RangeError if it was made for another list */
export function endpointsOf(delta: EndpointDelta, known: readonly EndpointSpec[]): EndpointSpec[] {
  return delta.map((entry) => {
    const endpoint = typeof entry === 'number' ? known[entry] : entry
    if (endpoint === undefined) throw new RangeError(`there is no endpoint ${entry} in the list of before`)
    return endpoint
  })
}
