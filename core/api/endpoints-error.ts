/** Something wrong with one endpoint, or with two together. */
export interface EndpointProblem {
  /** Id of the endpoint. */
  readonly endpoint: string
  /** The place below its entry in the configuration: `['path', 0]`. One that is not there means the nearest above it. */
  readonly at: readonly (string | number)[]
  /** What is wrong, and what to do. */
  readonly message: string
  /** A second endpoint that the message speaks of; its place is shown behind the message. */
  readonly other?: { readonly endpoint: string; readonly at: readonly (string | number)[] }
}

/**
 * What `create` throws when a filter that reads all endpoints (`EndpointsKey`) finds that some of them can't be: the load fails, and
 * each problem is shown with the places of its endpoints.
 *
 * ```ts
 * throw new EndpointsError([{ endpoint: 'v1/orders', at: ['path'], message: 'expected a path without spaces' }])
 * ```
 */
export class EndpointsError extends Error {
  readonly problems: readonly EndpointProblem[]

  constructor(problems: readonly EndpointProblem[]) {
    super(problems.map(({ endpoint, message }) => `endpoint "${endpoint}": ${message}`).join('\n'))
    this.name = 'EndpointsError'
    this.problems = problems
  }
}
